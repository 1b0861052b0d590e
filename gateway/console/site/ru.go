package site

// russian are the texts that all sites share.
var russian = map[string]string{
	"Console": "Консоль", "Merchant": "Мерчант", "Skip to the content": "К содержанию", "Account": "Учётная запись",
	"Live updates": "Обновления в реальном времени", "Sign out": "Выйти", "Pages": "Страницы", "Menu": "Меню", "Keyboard": "Клавиши",
	"Close": "Закрыть", "Language": "Язык", "Colours": "Цвета", "as the system": "как в системе", "light": "светлые", "dark": "тёмные",
	"Apply": "Применить", "Times are UTC.": "Время — UTC.", "Press ? for keys.": "Клавиши — по «?».", "Copy": "Копировать",
	"Pages of the list": "Страницы списка", "First page": "Первая страница", "Next page": "Следующая страница",
	"Sign in": "Вход", "Email": "Почта", "Password": "Пароль", "Second factor": "Второй фактор",
	"Scan this with an authenticator app, or type the secret into it, then give the code that it shows.": "Отсканируйте приложением-аутентификатором или введите в него секрет, затем укажите код, который оно покажет.",
	"The secret as a picture": "Секрет в виде картинки", "Secret": "Секрет",
	"Wait for the next code of your app and give it.":        "Дождитесь следующего кода приложения и введите его.",
	"Begin again with a new secret":                          "Начать заново с новым секретом",
	"Give the six digits that your authenticator app shows.": "Введите шесть цифр из приложения-аутентификатора.",
	"Code": "Код", "Continue": "Продолжить", "Back to sign-in": "Назад ко входу",
	"An authenticator app is set up. If it is lost, an admin resets it.": "Приложение-аутентификатор настроено. Если оно утеряно, его сбросит администратор.",
	"Only a password protects this account.":                             "Учётную запись защищает только пароль.",
	"Set up a second factor":                                             "Настроить второй фактор", "Sessions": "Сеансы", "Where": "Откуда", "Browser": "Браузер",
	"Signed in": "Вход выполнен", "Last seen": "Активность", "Actions": "Действия", "this one": "этот", "End": "Завершить",
	"Sign out everywhere else": "Выйти на всех других устройствах", "That did not work": "Не получилось", "Request": "Запрос",
	"To the first page": "На главную", "Your second factor is set up.": "Второй фактор настроен.", "You are signed out.": "Вы вышли.",
	"The session is ended.": "Сеанс завершён.", "Sessions ended: %d": "Завершено сеансов: %d",

	// What services say.
	"invalid email or password": "неверная почта или пароль", "the code is wrong or was used already": "код неверен или уже использован",
	"too many failures, try again in 15 minutes":         "слишком много неудач, попробуйте через 15 минут",
	"too many failures from this address, wait a minute": "слишком много неудач с этого адреса, подождите минуту",
	"this form is out of date, load the page again":      "форма устарела, загрузите страницу заново",
	"your role does not allow this":                      "ваша роль этого не позволяет",
	"there is no such page":                              "такой страницы нет",
	"there is no such session":                           "такого сеанса нет",
	"internal error":                                     "внутренняя ошибка",
	"invalid request":                                    "неверный запрос",
	"temporarily unavailable":                            "временно недоступно",
	"sign in first":                                      "сначала войдите",
	"too many pages are open":                            "открыто слишком много страниц",
	"a second factor is set up already":                  "второй фактор уже настроен",

	// Roles and states.
	"viewer": "наблюдатель", "operator": "оператор", "approver": "утверждающий", "admin": "администратор",
	"enabled": "включено", "disabled": "отключено", "active": "активен", "blocked": "заблокирован", "live": "боевой", "sandbox": "песочница",
	"expectation": "ожидание", "successful": "успешно", "rejected timeout": "истекло время", "rejected merchant": "отменено мерчантом",
	"rejected gate": "отклонено", "pending": "ожидает", "processing": "в обработке", "completed": "завершено", "cancelled": "отменено",
	"disputed": "спор", "paid by user": "оплачено пользователем", "paid by buyer": "оплачено покупателем", "delivered": "доставлено",
	"dead": "не доставлено", "waiting": "ждёт", "claimed": "взято", "awaiting approval": "ждёт утверждения", "approved": "утверждено",
	"refused": "отказано", "frozen": "заморожена", "closed": "закрыта", "declined": "отклонено", "open": "открыт", "finished": "завершён",
	"unknown": "неизвестно", "stuck": "застряло", "late": "поздно", "mismatched": "расхождение", "stale": "устарел", "healthy": "исправен",
}
