package console

var ruQueues = map[string]string{
	"Queues": "Очереди",
	"A task in a queue only wakes a worker up. What is to be sent stands in the database: losing a task costs time, never a callback. Nothing can be changed here.": "Задача в очереди лишь будит воркера. Всё, что нужно отправить, хранится в базе: потеря задачи стоит времени, но не колбэка. Менять здесь ничего нельзя.",
	"Redis does not answer, so the queues cannot be seen. Callbacks wait in the database until it does.":                                                            "Redis не отвечает, поэтому очереди не видны. До его возвращения колбэки ждут в базе.",
	"Redis does not answer, so the queues cannot be seen":                                                                                                           "Redis не отвечает, поэтому очереди не видны",
	"callbacks pending in the database": "колбэков ждут в базе", "of them due now": "из них пора отправить", "Queue": "Очередь",
	"active tasks": "в работе", "pending tasks": "ожидают", "scheduled tasks": "отложены", "retry tasks": "на повторе", "archived tasks": "в архиве", "Oldest waits": "Старшая ждёт", "Today": "Сегодня",
	"Failed today": "С ошибкой сегодня", "In Redis": "В Redis", "KiB": "КиБ", "paused": "приостановлена", "No queue has held a task yet.": "Ни в одной очереди ещё не было задач.",
	"Workers": "Воркеры", "Process": "Процесс", "Busy": "Занято", "Runs for": "Работает", "%d of %d": "%d из %d",
	"No worker runs: nothing is sent until one does.": "Ни один воркер не запущен: пока так, ничего не отправляется.",
	"By day": "По дням", "Tasks processed and failed by day": "Задачи по дням: выполнено и с ошибкой",
	"Processed in all: %d, failed: %d.": "Всего выполнено: %d, с ошибкой: %d.", "Tasks": "Задачи", "Task": "Задача", "Type": "Тип",
	"Retried": "Повторов", "Next run": "Следующий запуск", "Last error": "Последняя ошибка", "No task is in this state.": "Задач в этом состоянии нет.",
	"Day": "День", "processed": "выполнено", "failed": "с ошибкой", "there is no such queue": "такой очереди нет",
}
