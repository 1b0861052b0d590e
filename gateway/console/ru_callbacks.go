package console

var ruCallbacks = map[string]string{
	"Callbacks": "Колбэки", "Callback": "Колбэк", "State": "Состояние", "Merchant": "Мерчант", "Order id": "Номер заказа",
	"Filter by order id": "Отбор по номеру заказа", "Payout": "Выплата", "due": "пора отправить", "the oldest for": "старший ждёт",
	"dead letters": "не доставлены", "addresses given up for now": "адресов временно отключено",
	"Send all dead letters of this list again?":                             "Отправить все недоставленные из этого списка ещё раз?",
	"Send all of these again":                                               "Отправить все ещё раз",
	"All that match the filter, on every page of the list, 10 000 at most.": "Все подходящие под отбор, со всех страниц списка, не более 10 000.",
	"Kind": "Вид", "Attempts": "Попытки", "Last answer": "Последний ответ", "Next attempt": "Следующая попытка", "Created": "Создано",
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

	// How attempts end.
	"accepted": "принято", "timeout": "срок", "unreachable": "недоступен", "forbidden": "запрещён",
	"not attempted": "не отправлялось", "dns": "имя не найдено", "dns timeout": "имя не определилось вовремя",
	"connect timeout": "нет соединения", "tls": "ошибка TLS", "connection refused": "соединение отклонено",
	"connection closed": "соединение закрыто", "network": "ошибка сети", "bad url": "неверный адрес", "stopping": "процесс останавливался",
	"address private": "адрес не публичный", "address loopback": "локальный адрес",
}
