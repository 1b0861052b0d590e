package console

var ruCallbacks = map[string]string{
	"Callbacks": "Колбэки", "Callback": "Колбэк", "State": "Состояние", "Merchant": "Мерчант", "Order id": "Номер заказа",
	"Filter by order id": "Отбор по номеру заказа", "Payout": "Выплата", "due": "пора отправить", "the oldest for": "старший ждёт",
	"dead letters": "не доставлены", "addresses given up for now": "адресов временно отключено",
	"Send all of these again": "Отправить все ещё раз",
	"Kind":                    "Вид", "Attempts": "Попытки", "Last answer": "Последний ответ", "Next attempt": "Следующая попытка", "Created": "Создано",
	"Send again": "Отправить ещё раз", "Ended": "Завершён",
	"No dead letters: every callback was delivered or still will be.": "Недоставленных нет: каждый колбэк доставлен или ещё будет доставлен.",
	"There are no such callbacks.":                                    "Таких колбэков нет.",
	"The receiver answered 410: it wants no more of these.":           "Получатель ответил 410: больше не присылать.",
	"All attempts of the schedule have failed.":                       "Все попытки по расписанию не удались.",
	"What is sent": "Что отправляется",
	"The same bytes at every attempt, signed anew each time. Numbers and signatures are masked here.": "Одни и те же байты при каждой попытке, подпись каждый раз новая. Номера и подписи здесь скрыты.",
	"No.": "№", "Took": "Заняло", "ms": "мс", "Outcome": "Итог", "Answer": "Ответ", "Body of the answer": "Тело ответа",
	"no body": "без тела", "no answer": "нет ответа", "Nothing was sent yet.": "Ещё ничего не отправлялось.",
	"The callback is sent again.": "Колбэк отправляется ещё раз.", "Sent again: %s of %s.": "Отправлено ещё раз: %s из %s.",
	"callback not found": "колбэк не найден",

	"Send dead letters again": "Повторная отправка недоставленных", "all merchants": "все мерчанты",
	"Look at them, or change the filter": "Посмотреть их или изменить отбор", "Send %d callbacks again?": "Отправить ещё раз колбэков: %d?",
	"The oldest was made": "Самый старый создан", "Send %d again": "Отправить ещё раз: %d",
	"%d are dead. The oldest %d go now, the rest when you press again.":                                                                           "Недоставленных: %d. Сейчас уйдут самые старые: %d, остальные — при следующем нажатии.",
	"Each keeps its id and its text, so that its receiver knows it again, and gets a schedule of attempts anew. Callbacks that are new go first.": "Идентификатор и текст каждого прежние, поэтому получатель его узнает; расписание попыток начинается заново. Новые колбэки уходят раньше.",
	"No dead letter fits: nothing is left to send again.":                                                                                         "Недоставленных по этому отбору нет: отправлять больше нечего.", "%d wait for another attempt.": "Ждут следующей попытки: %d.",
	"None waits for another attempt.": "Следующей попытки не ждёт ни один.", "Nothing was left to send again.": "Отправлять было уже нечего.",

	// How attempts end.
	"accepted": "принято", "timeout": "срок", "unreachable": "недоступен", "forbidden": "запрещён",
	"not attempted": "не отправлялось", "dns": "имя не найдено", "dns timeout": "имя не определилось вовремя",
	"connect timeout": "нет соединения", "tls": "ошибка TLS", "connection refused": "соединение отклонено",
	"connection closed": "соединение закрыто", "network": "ошибка сети", "bad url": "неверный адрес", "stopping": "процесс останавливался",
	"address private": "адрес не публичный", "address loopback": "локальный адрес",
	"address unspecified": "адрес 0.0.0.0", "address carrier grade nat": "адрес внутри сети оператора", "address link local": "адрес только своей сети",
	"address documentation": "адрес для документации", "address benchmarking": "адрес для измерений", "address multicast": "групповой адрес",
	"address broadcast": "широковещательный адрес", "address reserved": "зарезервированный адрес", "address ipv4 in ipv6": "IPv4 внутри IPv6", "address malformed": "неверный адрес",
}
