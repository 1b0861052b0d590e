package portal

// russian is the Russian of these pages, by the English.
var russian = map[string]string{
	// The frame.
	"Overview": "Обзор", "Payouts": "Выплаты", "Statement": "Выписка", "Callbacks": "Колбэки", "Keys": "Ключи", "Sandbox": "Песочница",
	"Integration": "Интеграция", "Back to live": "Вернуться в боевой режим", "To the sandbox": "В песочницу",

	// Lists.
	"Order": "Заказ", "State": "Состояние", "Method": "Способ", "Requisite": "Реквизит", "Amount": "Сумма", "Costs, USDT": "Списание, USDT",
	"Made": "Создано", "Search": "Поиск", "any": "любое", "Currency": "Валюта", "From": "От", "To": "До", "Show": "Показать", "Clear": "Сбросить",
	"order, id or last four digits": "заказ, id или последние четыре цифры", "When": "Когда", "What": "Что", "About": "О чём", "none": "нет",
	"card": "карта", "sbp": "СБП", "score": "счёт", "iban": "IBAN",

	// The first page.
	"This is the sandbox: payouts end by themselves and no real money moves.": "Это песочница: выплаты завершаются сами, настоящие деньги не движутся.",
	"Available, USDT": "Доступно, USDT", "Held by open payouts, USDT": "Удержано под открытые выплаты, USDT", "Together, USDT": "Всего, USDT",
	"Open payouts": "Открытые выплаты", "Callbacks not delivered": "Недоставленные колбэки", "Nothing is open.": "Открытых выплат нет.",
	"Ended last": "Завершены последними", "All payouts": "Все выплаты", "No payout has ended yet.": "Ещё ни одна выплата не завершена.",
	"Your terms": "Ваши условия", "Fee": "Комиссия", "A payout waits": "Выплата ждёт", "%d minutes": "минут: %d", "Limit": "Лимит",

	// A payout.
	"No payout fits.": "Подходящих выплат нет.", "There are no payouts yet.": "Выплат пока нет.", "Id": "Идентификатор", "Rate": "Курс",
	"In USDT": "В USDT", "Fee, USDT": "Комиссия, USDT", "Time left": "Осталось", "Ended": "Завершена", "Recipient": "Получатель", "Bank": "Банк",
	"BIK": "БИК", "Customer": "Клиент", "Description": "Описание", "On success calls": "При успехе вызывает", "Otherwise calls": "Иначе вызывает",
	"Receipt": "Чек", "Cancel this payout?": "Отменить эту выплату?", "Cancel the payout": "Отменить выплату",
	"Only as long as nobody works on it.": "Только пока над ней никто не работает.", "What happened": "Что происходило", "created": "создана",
	"receipt": "загружен чек", "Money": "Деньги", "available": "доступные средства", "held": "удержанные средства", "settlement": "расчёты",
	"fees": "комиссии", "external": "внешний мир", "adjustment": "корректировка",
	"payout hold": "удержание под выплату", "payout settle": "списание за выплату", "payout release": "возврат удержания", "merchant top up": "пополнение",
	"A callback is sent when the payout has ended.":         "Колбэк отправляется после завершения выплаты.",
	"The payout is cancelled and its money is yours again.": "Выплата отменена, её деньги снова ваши.",

	// The statement.
	"Amount, USDT": "Сумма, USDT", "Balance after, USDT": "Остаток после, USDT", "Nothing moved in this time.": "За это время движений не было.",

	// Callbacks.
	"Callback": "Колбэк", "Reports": "Сообщает", "Attempts": "Попытки", "Attempt": "Попытка", "Last answer": "Последний ответ",
	"Next attempt": "Следующая попытка", "No callback fits.": "Подходящих колбэков нет.", "No callback was sent yet.": "Колбэков ещё не было.",
	"Send again what was given up": "Отправить снова недоставленные",
	"Every callback of yours that was not delivered, up to 1000 at once, under the same ids.": "Все ваши недоставленные колбэки, до 1000 за раз, под теми же идентификаторами.",
	"Send all of them again?": "Отправить их все снова?", "Send all again": "Отправить все снова", "Test callback": "Тестовый колбэк",
	"Signed and sent as all of them are; it reports nothing.": "Подписывается и отправляется как все; ни о чём не сообщает.",
	"Address": "Адрес", "Send it": "Отправить", "Finished": "Закончен", "Given up because": "Прекращён, потому что", "Send again": "Отправить снова",
	"What is sent": "Что отправляется",
	"Numbers and signatures are cut here, and whole in what is sent.": "Номера и подписи здесь укорочены, отправляются они целиком.",
	"Sent": "Отправлен", "Answer": "Ответ", "Took": "Заняло", "What it said": "Текст ответа", "It was not sent yet.": "Ещё не отправлялся.",
	"The callback is on its way again.": "Колбэк снова отправляется.", "Callbacks on their way again: %d": "Отправляется снова колбэков: %d",
	"The test callback is on its way.": "Тестовый колбэк отправляется.", "gone": "получатель отказался", "exhausted": "попытки исчерпаны",

	// Keys.
	"The sign key signs requests and callbacks, the API key reads the status, the webhook secret makes version 2 signatures.": "Ключ подписи подписывает запросы и колбэки, ключ API читает состояние, секрет вебхуков создаёт подписи второй версии.",
	"Kind": "Вид", "Begins with": "Начинается с", "Works until": "Действует до", "it is rotated": "замены", "New keys": "Новые ключи", "Which": "Какие",
	"sign key": "ключ подписи", "api key": "ключ API", "webhook key": "секрет вебхуков",
	"How long the present ones still work": "Сколько ещё действуют нынешние", "a day": "сутки", "a week": "неделю", "an hour": "час",
	"they end at once": "прекращаются сразу", "Your password, once more": "Ваш пароль ещё раз", "Make new keys": "Создать новые ключи",
	"At most two keys of a kind work at a time: one that is still in its grace ends at once.": "Одновременно действуют не более двух ключей одного вида: тот, что уже заменён, прекращается сразу.",
	"They are shown this once.": "Они показываются только сейчас.",
	"Copy them now to where your program keeps its secrets. They cannot be shown again; a lost one is replaced by a new one.": "Скопируйте их туда, где ваша программа хранит секреты. Показать их снова нельзя; утерянный заменяют новым.",
	"Your sandbox %s is made": "Ваша песочница %s создана",

	// The sandbox.
	"The sandbox is a merchant of its own with its own keys and play money. Payouts end by themselves there, as you choose, and nothing of it meets your live money.": "Песочница — отдельный мерчант со своими ключами и игровыми деньгами. Выплаты там завершаются сами, как вы выберете, и с боевыми деньгами никак не связаны.",
	"You have no sandbox yet.": "Песочницы у вас пока нет.", "Make a sandbox": "Создать песочницу",
	"Test payouts are made in the sandbox alone.":                                          "Тестовые выплаты делаются только в песочнице.",
	"These are the pages of the sandbox merchant":                                          "Это страницы мерчанта-песочницы",
	"Payouts end by themselves within a second, by the last four digits of the requisite.": "Выплаты завершаются сами в течение секунды, исход — по последним четырём цифрам реквизита.",
	"Test payout": "Тестовая выплата", "How it ends": "Чем закончится", "Where the callback goes": "Куда придёт колбэк", "Make the payout": "Создать выплату",
	"No method is on.": "Ни один способ не включён.", "paid at once": "выплачено сразу", "paid after ten seconds": "выплачено через десять секунд",
	"refused": "отказано", "never paid: out of time after a minute": "не выплачено: через минуту истечёт время",
	"The test payout is made.": "Тестовая выплата создана.", "You are back at your live pages.": "Вы снова на боевых страницах.",
	"You are in the sandbox: no real money moves here.": "Вы в песочнице: настоящие деньги здесь не движутся.",

	// Integration.
	"Worked out with your own keys, so that you can compare it with what your program makes. The keys themselves are not shown.": "Вычислено вашими ключами, чтобы сравнить с тем, что делает ваша программа. Сами ключи не показываются.",
	"The whole reference": "Полный справочник", "Your name in it": "Ваше имя в нём", "Your sign key begins with": "Ваш ключ подписи начинается с",
	"Make a payout": "Создайте выплату",
	"The sign is the SHA-256 of five parts with colons between, each letter by letter as it stands in the body:":                                             "sign — это SHA-256 пяти частей через двоеточие, каждая буква в букву как в теле запроса:",
	"The amount is zero, so this request moves no money: it is answered with invalid_request if its sign is right, and with invalid_signature if it is not.": "Сумма нулевая, поэтому запрос не двигает денег: при верной подписи ответом будет invalid_request, при неверной — invalid_signature.",
	"To work the sign out in a shell, with your key in DISBURSE_SIGN_KEY:":                                                                                   "Вычислить sign в оболочке, с ключом в DISBURSE_SIGN_KEY:",
	"Your requests must carry version 2 signatures as well: the three headers below, over the body that you send.":                                           "Ваши запросы должны нести и подписи второй версии: три заголовка ниже, по телу, которое вы отправляете.",
	"Ask for its status": "Узнайте её состояние", "Check a callback": "Проверьте колбэк",
	"Check the version 2 signature: the HMAC-SHA256 of id, time and body, with full stops between, in base64. Any library of Standard Webhooks does it. For the body": "Проверяйте подпись второй версии: HMAC-SHA256 от id, времени и тела через точку, в base64. Это умеет любая библиотека Standard Webhooks. Для тела",
	"The older standart_sign covers the order alone. Your form is":                                                        "Прежняя standart_sign покрывает только заказ. Ваш вид",
	"Answer 2xx as soon as you have stored a callback. Anything else is tried again for days, under the same webhook-id.": "Отвечайте 2xx, как только сохранили колбэк. При любом другом ответе попытки продолжаются несколько дней под тем же webhook-id.",

	// What services say.
	"payout not found": "выплата не найдена", "callback not found": "колбэк не найден", "low balance": "недостаточно средств",
	"payout is being executed and can no longer be cancelled":            "выплата уже выполняется, отменить её нельзя",
	"payout is already final":                                            "выплата уже завершена",
	"this payment method is disabled for your merchant":                  "этот способ для вас отключён",
	"overloading requisite":                                              "платформа сейчас не принимает больше выплат этим способом",
	"rate unavailable":                                                   "курс недоступен",
	"this merchant has no sandbox yet":                                   "песочницы у мерчанта пока нет",
	"this merchant has a sandbox already":                                "песочница у мерчанта уже есть",
	"only a live merchant can have a sandbox":                            "песочница бывает только у боевого мерчанта",
	"a merchant of this name exists already":                             "мерчант с таким именем уже есть",
	"test payouts are made in the sandbox alone":                         "тестовые выплаты делаются только в песочнице",
	"the keys were changed since this page was opened, look at it again": "ключи сменились, пока эта страница была открыта, посмотрите на неё ещё раз",
	"choose at least one kind":                                           "выберите хотя бы один вид",
	"choose one of them":                                                 "выберите один из вариантов",
	"is not your password":                                               "не ваш пароль",
	"is required":                                                        "обязательно",
	"must be above zero":                                                 "должно быть больше нуля",
	"is out of range":                                                    "вне допустимых пределов",
	"must be a day such as 2026-01-31":                                   "должен быть день, например 2026-01-31",
	"is not one that a page handed out":                                  "получен не с этой страницы",
	"is not a text to search for":                                        "по такому тексту искать нельзя",
	"is not a status":                                                    "такого состояния нет",
	"must be after from":                                                 "должно быть позже начала",
	"must be digits with two decimals, such as 1500.00, and at most twelve digits before them": "цифры с двумя знаками после точки, например 1500.00, и не более двенадцати до неё",

	// How attempts end.
	"ms": "мс", "timeout": "не ответил вовремя", "dns": "имя не найдено", "dns timeout": "имя не определилось вовремя",
	"connect timeout": "нет соединения", "tls": "ошибка TLS", "connection refused": "соединение отклонено",
	"connection closed": "соединение закрыто", "network": "ошибка сети", "bad url": "неверный адрес", "stopping": "процесс останавливался",
	"address private": "адрес не публичный", "address loopback": "локальный адрес",
	"address unspecified": "адрес 0.0.0.0", "address carrier grade nat": "адрес внутри сети оператора", "address link local": "адрес только своей сети",
	"address documentation": "адрес для документации", "address benchmarking": "адрес для измерений", "address multicast": "групповой адрес",
	"address broadcast": "широковещательный адрес", "address reserved": "зарезервированный адрес", "address ipv4 in ipv6": "IPv4 внутри IPv6", "address malformed": "неверный адрес",
}
