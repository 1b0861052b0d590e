package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

const fresh = "our cat eats nine"

func change(present, fresh, repeat, code string) url.Values {
	return url.Values{"present": {present}, "fresh": {fresh}, "repeat": {repeat}, "code": {code}}
}

func (a answer) blames(t *testing.T, status int, field, reason string) {
	t.Helper()
	if a.StatusCode != status || !strings.Contains(a.text, `name="`+field+`"`) || !strings.Contains(a.text, `id="`+field+`-why" class="why">`+reason) {
		_, main, _ := strings.Cut(a.text, "<main")
		t.Errorf("%d, want %d and %q at %s\n%.2500s", a.StatusCode, status, reason, field, main)
	}
}

func TestChangingOnesPassword(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b, elsewhere, other := h.open(), h.open(), h.open()
	b.signIn("a@example.test")
	elsewhere.signIn("a@example.test")
	other.signIn("b@example.test")
	for name, tt := range map[string]struct {
		form          url.Values
		field, reason string
	}{
		"NoPresent":  {change("", fresh, fresh, ""), "present", "is required"},
		"NoFresh":    {change("right", "", "", ""), "fresh", "is required"},
		"NoRepeat":   {change("right", fresh, "", ""), "repeat", "is required"},
		"Mistyped":   {change("right", fresh, fresh+"!", ""), "repeat", "is not the same"},
		"Short":      {change("right", "x7!kQ2", "x7!kQ2", ""), "fresh", "must have at least 12 characters"},
		"Guessable":  {change("right", "a@example.test", "a@example.test", ""), "fresh", "is too easy to guess"},
		"TheOldOne":  {change(fresh, fresh, fresh, ""), "fresh", "is the present one"},
		"NotTheirs":  {change("wrong", fresh, fresh, ""), "present", "is not your password"},
		"InVain":     {change("right ' or 1=1", fresh, fresh, ""), "present", "is not your password"},
		"TooLong":    {change("right", strings.Repeat("our cat ", 200), strings.Repeat("our cat ", 200), ""), "fresh", "is too long"},
		"NoFormFile": {url.Values{}, "present", "is required"},
	} {
		t.Log(name)
		b.post("/house/account/password", tt.form).blames(t, http.StatusUnprocessableEntity, tt.field, tt.reason)
	}
	if h.gate.failures != 2 {
		t.Errorf("%d failures are counted, want those of the present password", h.gate.failures)
	}
	b.do(http.MethodPost, "/house/account/password", change("right", fresh, fresh, "")).want(t, http.StatusForbidden, "")

	before := b.cookies["disburse_house"]
	b.post("/house/account/password", change("right", fresh, fresh, "")).want(t, http.StatusSeeOther, "/house/account")
	if page := b.get("/house/account"); page.StatusCode != http.StatusOK || !strings.Contains(page.text, "Your password is changed. Other sessions ended: 1") {
		t.Errorf("%d %s", page.StatusCode, page.text)
	}
	copied := h.open()
	copied.cookies["disburse_house"] = before
	for name, shut := range map[string]*browser{"a session elsewhere": elsewhere, "the token from before": copied} {
		if a := shut.get("/house/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	other.get("/house/").want(t, http.StatusOK, "")
	if a := h.open().signIn("a@example.test"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old password: %d", a.StatusCode)
	}
}

// Who guesses at the present password is locked out as who guesses at signing in.
func TestGuessingThePresentPassword(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test")
	for range 10 {
		b.post("/house/account/password", change("wrong", fresh, fresh, "")).blames(t, http.StatusUnprocessableEntity, "present", "is not your password")
	}
	if a := b.post("/house/account/password", change("right", fresh, fresh, "")); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.text, "too many failures") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
	if a := h.open().signIn("a@example.test"); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("signing in meanwhile: %d", a.StatusCode)
	}
	h.wait(15 * time.Minute)
	b.post("/house/account/password", change("right", fresh, fresh, "")).want(t, http.StatusSeeOther, "/house/account")
}

func TestChangingOnesPasswordAsksForTheSecondFactor(t *testing.T) {
	t.Parallel()
	h := build(t, true)
	b := h.open()
	b.signIn("a@example.test")
	if strings.Contains(b.get("/house/account").text, `name="code"`) {
		t.Error("a code is asked for, and none can be given")
	}
	secret := regexp.MustCompile(`<code>([A-Z2-7]{16,})</code>`).FindStringSubmatch(b.get("/house/account/factor").text)
	code := func(after time.Duration) string {
		text, err := totp.GenerateCode(secret[1], h.now().Add(after))
		must(t, err)
		return text
	}
	used := code(0)
	b.post("/house/account/factor", url.Values{"code": {used}}).want(t, http.StatusSeeOther, "/house/account")
	for given, reason := range map[string]string{"": "is required", used: "the code is wrong or was used already", "000000": "the code is wrong"} {
		b.post("/house/account/password", change("right", fresh, fresh, given)).blames(t, http.StatusUnprocessableEntity, "code", reason)
	}
	b.get("/house/").want(t, http.StatusOK, "")
	next := code(30 * time.Second)
	b.post("/house/account/password", change("wrong", fresh, fresh, next)).blames(t, http.StatusUnprocessableEntity, "present", "is not your password")
	b.post("/house/account/password", change("right", fresh, fresh, next)).want(t, http.StatusSeeOther, "/house/account")
	if h.password.Load() != fresh {
		t.Error("the password is the old one")
	}
}

func TestFaultsAreInTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	b := build(t, true).open()
	b.signIn("a@example.test")
	a := b.post("/house/account/password", change("right", "short", "short", ""), "Accept-Language", "ru")
	a.blames(t, http.StatusUnprocessableEntity, "fresh", "должно быть не короче 12 знаков")
	if !strings.Contains(a.text, "Новый пароль: должно быть не короче 12 знаков") {
		t.Errorf("%s", a.text)
	}
	for path, want := range map[string]string{
		"/house/faulty?name=fiat_amount&why=must+be+1+to+99+characters":  "<li>сумма: должно быть от 1 до 99 знаков</li>",
		"/house/faulty?name=methods.rub%2Fsbp.min&why=is+required":       "<li>способы, rub/sbp, от: обязательно</li>",
		"/house/faulty?name=sign_key&why=is+a+riddle":                    "<li>sign key: is a riddle</li>", // better than nothing
		"/house/faulty?name=url&why=must+not+point+to+a+private+address": "<li>адрес: не должен вести на адрес вида «private»</li>",
	} {
		if page := b.get(path, "Accept-Language", "ru"); !strings.Contains(page.text, want) || strings.Contains(page.text, "invalid request") {
			_, main, _ := strings.Cut(page.text, "<main")
			t.Errorf("%s: no %q in %s", path, want, main)
		}
		if page := b.get(path); !strings.Contains(page.text, "<li>"+strings.ReplaceAll(strings.ReplaceAll(mustQuery(t, path, "name"), "_", " "), ".", ", ")+": "+mustQuery(t, path, "why")) {
			t.Errorf("%s in English: %s", path, page.text)
		}
	}
}

func mustQuery(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Query().Get(name)
}
