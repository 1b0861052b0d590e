package console

var ruAudit = map[string]string{
	"Audit": "Аудит", "Audit trail": "Журнал аудита", "Who": "Кто", "email or id": "почта или идентификатор", "Action": "Действие",
	"About what": "Над чем", "anything": "что угодно", "Its id": "Идентификатор", "What changed": "Что изменилось", "fields: %d": "полей: %d",
	"nothing": "ничего", "the system": "система", "Open its page": "Открыть страницу", "Nobody has done that.": "Этого никто не делал.",
	"Nobody has changed anything yet.": "Пока никто ничего не менял.",

	// Who acts, and on what.
	"merchant": "мерчант", "executor": "исполнитель", "cli": "командная строка", "system": "система", "user": "пользователь",
	"approval": "утверждение", "approval rule": "правило утверждения", "callback": "уведомление", "capacity": "ёмкость", "card order": "карточная заявка",
	"card settings": "настройки карт", "game": "игра", "p2p ad": "P2P-объявление", "p2p order": "P2P-сделка", "payout": "выплата",
	"player": "игрок", "provider": "провайдер", "provider-profile": "профиль провайдера", "rate": "курс", "session": "сеанс",
	"virtual card": "виртуальная карта",
}
