package console

var ruReports = map[string]string{
	"Reports": "Отчёты", "Daily statement of a merchant": "Ежедневная выписка мерчанта",
	"What the merchant had, what moved and what it has, day by day. It adds up to the books to the last digit, and prints well.": "Что было у мерчанта, что прошло и что осталось, по дням. Сходится с книгами до последнего знака и хорошо печатается.",
	"Merchant": "Мерчант", "First day": "С даты", "Last day": "По дату", "Show": "Показать", "any": "любой",
	"Exports": "Выгрузки",
	"A whole list as a file, as it is at the moment you ask. Numbers to pay to are masked, and no cell can start a formula. Who took what is in the audit trail.": "Весь список файлом, каким он был в момент запроса. Номера реквизитов скрыты, ни одна ячейка не запустит формулу. Кто что выгрузил, видно в журнале аудита.",
	"Payouts": "Выплаты", "Every payout with its amounts, its fee and how it ended.": "Каждая выплата с суммами, комиссией и исходом.",
	"Transfers": "Проводки", "The books: every transfer with both accounts and what they held after it.": "Книги: каждая проводка с обоими счетами и остатками после неё.",
	"Callbacks": "Колбэки", "What merchants were told, how often it was tried and how it ended.": "О чём сообщали мерчантам, сколько раз пытались и чем кончилось.",
	"Card orders": "Карточные заявки", "Deposits and withdrawals of users by card.": "Пополнения и выводы пользователей по карте.",
	"P2P orders": "P2P-сделки", "Trades between users, with their disputes.": "Сделки между пользователями и споры по ним.",
	"Currency": "Валюта", "User's number": "Номер пользователя", "Mode": "Режим", "Status": "Статус", "Method": "Способ", "Flow": "Операция",
	"State": "Состояние", "Order id": "Номер заказа", "Type": "Тип", "withdraw": "вывод", "deposit": "пополнение",
	"card": "карта", "sbp": "СБП", "score": "счёт", "iban": "IBAN",

	"Statement": "Выписка", "Entry": "Статья", "Available": "Доступно", "Held": "Удержано", "Total": "Всего",
	"Opening balance": "Остаток на начало", "Closing balance": "Остаток на конец", "Period": "Период", "Merchant's id": "Идентификатор мерчанта",
	"Drawn up": "Составлена", "Print": "Печать", "The whole period": "За весь период", "Days without movements: %d.": "Дней без движений: %d.",
	"The last day is not over: its figures are those of now.": "Последний день ещё не закончился: цифры на текущий момент.",
	"Top-ups": "Пополнения", "Held for new payouts": "Удержано под новые выплаты", "Given back from payouts": "Возвращено из выплат",
	"Paid out": "Выплачено", "Fees": "Комиссии", "Corrections": "Корректировки",

	"must be csv or xlsx": "нужен csv или xlsx", "must be a whole number from 1": "нужно целое число от 1", "is required": "нужно заполнить",
	"is not one that can be exported": "такой выгрузки нет", "is not a filter of this export": "эта выгрузка так не фильтруется",
	"too many exports run at once": "одновременно идёт слишком много выгрузок", "two of your exports run already": "две ваши выгрузки уже идут", "must not be before from": "не может быть раньше начала",
	"must be within 92 days": "не более 92 дней",
}
