package console

var ruExceptions = map[string]string{
	"Exceptions": "Исключения", "What no machine could settle: a person has to find out and decide.": "То, что не решила ни одна машина: человек должен разобраться и решить.",
	"All exceptions": "Все исключения", "Nothing waits for a decision. Well done.": "Ничто не ждёт решения. Хорошая работа.",
	"Look at them": "Посмотреть", "Payouts": "Выплаты", "What is wrong": "Что не так", "For": "Сколько", "All of these": "Все такие",
	"No payout has an exception.": "Исключений по выплатам нет.", "Virtual cards": "Виртуальные карты", "Operation": "Операция",
	"User": "Пользователь", "What the provider said": "Что сообщил провайдер", "Transaction": "Операция",
	"No operation of a virtual card has an exception.": "Исключений по виртуальным картам нет.",
	"Stale rates": "Устаревшие курсы",
	"Payouts in these currencies are refused until the rate is set anew.": "Выплаты в этих валютах отклоняются, пока курс не установлен заново.",
	"Rate": "Курс", "Set": "Установить", "Source": "Источник", "late callbacks": "колбэки задерживаются",
	"the executor does not know whether it was paid":       "исполнитель не знает, выплачено ли",
	"the executor works on it beyond its time":             "исполнитель не уложился в срок",
	"the executor paid it after it had ended otherwise":    "исполнитель выплатил, когда выплата уже завершилась иначе",
	"the executor refused it after it had ended otherwise": "исполнитель отказал, когда выплата уже завершилась иначе",
	"late paid": "поздняя выплата", "late refused": "поздний отказ",
	"create": "выпуск", "issue": "перевыпуск", "topup": "пополнение", "withdraw": "вывод", "freeze": "заморозка", "unfreeze": "разморозка", "close": "закрытие",
}
