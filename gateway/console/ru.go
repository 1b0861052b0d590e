package console

var ruHome = map[string]string{
	"Dashboard": "Обзор",
}
