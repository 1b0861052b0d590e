package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/enduser"
	"disburse/gateway/httpapi"
	"disburse/gateway/operator"
	"disburse/ratelimit"
)

func TestUserToken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	for name, given := range map[string]string{
		"None": "", "Wrong": "Bearer uc_" + strings.Repeat("0", 40), "Short": "Bearer uc_1", "Basic": "Basic " + p.token, "Bare": p.token,
		"Operators": "Bearer " + s.tokens[operator.RoleAdmin], "Empty": "Bearer ", "Longer": "Bearer " + p.token + "0",
	} {
		t.Run(name, func(t *testing.T) {
			a := s.call(http.MethodGet, "/api/v1/users/me/balance", nil, header{"Authorization": given})
			p.refused(a, http.StatusUnauthorized, "UNAUTHORIZED")
			if a.header.Get("WWW-Authenticate") != "Bearer" || a.header.Get("X-RateLimit-Remaining") == "" {
				t.Errorf("headers: got %v", a.header)
			}
		})
	}
	t.Run("AnyCaseOfBearer", func(t *testing.T) {
		p.ok(s.call(http.MethodGet, "/api/v1/users/me/balance", nil, header{"Authorization": "bearer " + p.token}))
	})
	t.Run("PublicCallsNeedNone", func(t *testing.T) {
		p.ok(s.call(http.MethodGet, "/api/v1/p2p/ads", nil, nil))
		p.ok(p.get("/p2p/ads"))
		a := s.call(http.MethodGet, "/api/v1/p2p/ads", nil, header{"Authorization": "Bearer uc_wrong"})
		p.refused(a, http.StatusUnauthorized, "UNAUTHORIZED")
	})
	t.Run("UsersTokensOpenNothingElse", func(t *testing.T) {
		a := s.call(http.MethodGet, "/api/operator/users", nil, header{"Authorization": "Bearer " + p.token})
		s.wantError(a, http.StatusUnauthorized, "invalid_token")
	})
	if strings.Contains(s.log.String(), p.token) {
		t.Error("the log holds a token")
	}
	if !strings.Contains(s.log.String(), fmt.Sprintf(`"user":"%d"`, p.id)) {
		t.Error("no line names the user")
	}
}

// standing is a surface whose limiter's time stands still: it is in the process,
// because rates in Redis go by the time there.
func standing(t *testing.T) (*stack, *time.Time) {
	t.Helper()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { return now }
	s := newStack(t, func(d *httpapi.Deps) {
		d.Limiter = ratelimit.New(ratelimit.Options{Now: clock})
		d.MerchantGate = d.Limiter.FailureGate("authentication_merchant", 10)
		d.AddressGate = d.Limiter.FailureGate("authentication_address", 60)
		d.UserLimit = ratelimit.Limit{Rate: 1, Per: time.Second, Burst: 5}
	})
	return s, &now
}

func TestUserLimit(t *testing.T) {
	t.Parallel()
	s, _ := standing(t)
	p, other := s.person(t, deposited), s.person(t, deposited)
	for left := 4; left >= 0; left-- {
		path := "/users/me/balance"
		if left == 2 {
			path = "/card/orders/999" // refusals count and tell, too
		}
		start := time.Now().Unix()
		a := p.get(path)
		if got := a.header.Get("X-RateLimit-Limit") + " " + a.header.Get("X-RateLimit-Remaining"); got != fmt.Sprint("5 ", left) {
			t.Fatalf("got %q with %d left", got, left)
		}
		reset, err := strconv.ParseInt(a.header.Get("X-RateLimit-Reset"), 10, 64)
		if ahead := int64(5 - left); err != nil || reset < start+ahead || reset > time.Now().Unix()+ahead+1 {
			t.Errorf("reset: got %q, want it %d s ahead", a.header.Get("X-RateLimit-Reset"), ahead)
		}
	}
	a := p.get("/users/me/balance")
	p.refused(a, http.StatusTooManyRequests, "RATE_LIMITED")
	if a.header.Get("Retry-After") != "1" || a.header.Get("X-RateLimit-Remaining") != "0" || a.header.Get("RateLimit") != "" {
		t.Errorf("headers: got %v", a.header)
	}
	t.Run("OthersAreUntouched", func(t *testing.T) { other.ok(other.get("/users/me/balance")) })
	t.Run("WithoutATokenTheAddressCounts", func(t *testing.T) {
		for range 4 {
			other.ok(s.call(http.MethodGet, "/api/v1/p2p/ads", nil, nil))
		}
		// What is no route is an answer of this API as well.
		a := s.call(http.MethodGet, "/api/v1/nothing", nil, nil)
		p.refused(a, http.StatusNotFound, "NOT_FOUND")
		if a.header.Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("headers: got %v", a.header)
		}
		p.refused(s.call(http.MethodGet, "/api/v1/p2p/ads", nil, nil), http.StatusTooManyRequests, "RATE_LIMITED")
	})
}

func TestTheUsualUserLimit(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, 0)
	a := p.ok(p.get("/users/me/balance"))
	if a.header.Get("X-RateLimit-Limit") != "100" || a.header.Get("X-RateLimit-Remaining") != "99" {
		t.Errorf("got %v", a.header)
	}
}

func TestFailedUserAuthenticationsBlockTheAddress(t *testing.T) {
	t.Parallel()
	s, now := standing(t)
	p := s.person(t, deposited)
	for i := range 60 {
		a := s.call(http.MethodGet, "/api/v1/users/me/balance", nil, header{"Authorization": fmt.Sprint("Bearer uc_", i)})
		p.refused(a, http.StatusUnauthorized, "UNAUTHORIZED")
	}
	a := p.get("/users/me/balance")
	p.refused(a, http.StatusTooManyRequests, "RATE_LIMITED")
	if a.header.Get("Retry-After") != "55" || a.header.Get("X-RateLimit-Limit") != "60" || a.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("headers: got %v", a.header)
	}
	*now = now.Add(55 * time.Second)
	p.ok(p.get("/users/me/balance"))
}

// TestBalanceOfACardWithdrawal follows the money of one user through the calls.
func TestBalanceOfACardWithdrawal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	must(t, s.deps.EndUsers.GrantBonus(t.Context(), p.id, enduser.Cashback, 7_000, 9_000, "july"))
	want := func(balance, held, withdrawn int) {
		t.Helper()
		wanted := fmt.Sprintf(`{"balance":%d,"held":%d,"available":%d,"bonus_balance":7000,"deposited_total":500000,"withdrawn_total":%d,`+
			`"wagering":{"required":9000,"turnover":0,"remaining":9000}}`, balance, held, balance-held, withdrawn)
		if got := string(p.ok(p.get("/users/me/balance")).raw); got != wanted {
			t.Errorf("got %s, want %s", got, wanted)
		}
	}
	want(500_000, 0, 0)
	id := p.made("/card/orders", withdrawal(120_000))
	want(500_000, 120_000, 0)
	p.succeeds(http.MethodPost, fmt.Sprintf("/card/orders/%d/cancel", id), nil)
	want(500_000, 0, 0)
	id = p.made("/card/orders", withdrawal(100_000))
	s.desk(t, operator.RoleOperator, http.MethodPost, fmt.Sprintf("/card/orders/%d/complete", id), nil)
	want(400_000, 0, 100_000)

	a := p.ok(p.get("/users/me/transactions?limit=3&offset=1"))
	var got [][3]any
	for _, row := range a.body["transactions"].([]any) {
		line := row.(map[string]any)
		got = append(got, [3]any{line["type"], line["amount_kopecks"], line["balance_after_kopecks"]})
	}
	wanted := [][3]any{
		{"card_order_return", 120_000.0, 500_000.0}, {"card_order_hold", -120_000.0, 380_000.0}, {"user_deposit", 500_000.0, 500_000.0},
	}
	if diff := cmp.Diff(wanted, got); diff != "" || a.text("total") != "4" {
		t.Errorf("total %s, transactions (-want +got):\n%s", a.text("total"), diff)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	x := s.trade(t)
	p := x.buyer
	order := p.made("/card/orders", cardDeposit(20_000))
	lists := []string{
		"/users/me/transactions", "/card/orders/my", fmt.Sprintf("/card/orders/%d/messages", order), "/p2p/ads", "/p2p/orders/my", x.path("/messages"),
	}
	for _, path := range lists {
		for query, field := range map[string]string{
			"limit=0": "limit", "limit=101": "limit", "limit=-1": "limit", "limit=x": "limit", "limit=1.0": "limit", "limit=1e1": "limit",
			"limit=%2B5": "limit", "limit=05": "limit", "limit=99999999999999999999": "limit",
			"offset=-1": "offset", "offset=10001": "offset", "offset=x": "offset",
		} {
			p.invalid(s.call(http.MethodGet, "/api/v1"+path+"?"+query, nil, header{"Authorization": "Bearer " + s.person(t, 0).token}), field)
		}
		p.ok(p.get(path + "?limit=100&offset=10000"))
		p.ok(p.get(path + "?limit=1&offset=0"))
	}
	for query, field := range map[string]string{
		"/card/orders/my?type=gift": "type", "/card/orders/my?status=paid": "status", "/card/orders/my?type=WITHDRAW": "type",
		"/p2p/orders/my?status=paid_by_user": "status", "/p2p/ads?type=both": "type", "/p2p/ads?sort_by=newest": "sort_by",
		"/p2p/ads?is_active=yes": "is_active", "/p2p/ads?amount=1.5": "amount", "/p2p/ads?amount=-1": "amount",
		"/p2p/ads?max_payment_duration=x": "max_payment_duration",
	} {
		t.Run(query, func(t *testing.T) { p.invalid(p.get(query), field) })
	}
	p.ok(p.get("/card/orders/my?type=deposit&status=pending"))
	p.ok(p.get("/p2p/orders/my?status=pending"))
	a := p.ok(p.get("/p2p/ads?type=buy&fiat_currency=RUB&amount=20000&payment_method=card&sort_by=best_price&is_active=true&max_payment_duration=30&author_nickname=Vera"))
	if ads := a.body["ads"].([]any); len(ads) != 1 || strings.Contains(string(a.raw), "payment_details") || strings.Contains(string(a.raw), "2200") {
		t.Errorf("got %s", a.raw)
	}
}

// TestChatPagesAreOfFifty wants the default size of a page of a chat, oldest
// first.
func TestChatPagesAreOfFifty(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	p := s.person(t, deposited)
	order := p.made("/card/orders", cardDeposit(20_000))
	path := fmt.Sprintf("/card/orders/%d/messages", order)
	for i := range 51 {
		s.desk(t, operator.RoleOperator, http.MethodPost, path, fields{"message": fmt.Sprint("message ", i)})
	}
	a := p.ok(p.get(path))
	messages := a.body["messages"].([]any)
	first := messages[0].(map[string]any)
	if len(messages) != 50 || first["message"] != "message 0" || first["sender_type"] != "operator" || first["user_id"] != nil || a.text("status") != "pending" {
		t.Errorf("got %d messages, first %v", len(messages), first)
	}
}
