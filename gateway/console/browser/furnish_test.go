package browser_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"disburse/gateway/audit"
	"disburse/gateway/merchant"
	"disburse/gateway/operator"
	"disburse/gateway/payout"
	"disburse/ledger"
	"disburse/ledger/money"
	"disburse/signing"
)

// furnish gives every list of the pages something to show, and returns a
// merchant that has all sorts of payouts.
func (s stand) furnish(t *testing.T) shop {
	t.Helper()
	boss := s.hire(t, operator.RoleAdmin).Operator
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: boss.ID, Name: boss.Email})
	m := s.found(t, ledger.Live)
	var ids []string
	for i := range 5 {
		ids = append(ids, m.pay(t, unique("order-"), fmt.Sprintf("%d.00", 1500+i)))
	}
	claim := func(id string) {
		_, found, err := s.app.Payouts.Claim(ctx, payout.ClaimFilter{ID: id})
		must(t, err)
		if !found {
			t.Fatalf("%s cannot be claimed", id)
		}
	}
	claim(ids[0])
	_, err := s.app.Payouts.Complete(ctx, ids[0], payout.Completion{Note: "paid by hand"})
	must(t, err)
	claim(ids[1])
	_, err = s.app.Payouts.Reject(ctx, ids[1], "the card is closed")
	must(t, err)
	claim(ids[2])

	u := s.register(t)
	done := u.order(t, "deposit", 120_000)
	_, err = s.app.CardOrders.Complete(ctx, done)
	must(t, err)
	open := u.order(t, "withdraw", 250_000)
	u.post(t, fmt.Sprintf("/card/orders/%d/messages", open), map[string]any{"message": "How long will it take?"})
	s.quarrel(t)
	must(t, s.app.Users.Block(ctx, s.register(t).id))

	s.twoFrom(t)
	large := m.pay(t, unique("large-"), largeAmount)
	claim(large)
	_, err = s.app.Payouts.Complete(ctx, large, payout.Completion{Note: "paid by hand"})
	must(t, err)
	_, err = s.app.Merchants.Adjust(ctx, m.name, merchant.Adjustment{Amount: money.New(-12_500000, money.USDT), Reason: "counted twice"})
	must(t, err)
	s.play(t)
	s.exec(t, `update payouts set executor = 'bank', stage = 'unknown', sent_at = now(), look_at = now() where id = $1`, ids[4])
	s.exec(t, `update callback_deliveries set state = 'dead', dead_reason = 'gone', finished_at = now()
		where event_id in (select id from callback_events where subject = $1)`, ids[1])
	return m
}

// largeAmount is from where on a payout needs two people, in roubles.
const largeAmount = "300000.00"

// twoFrom makes payouts of a large amount need two people.
func (s stand) twoFrom(t *testing.T) {
	t.Helper()
	rub, _ := money.Lookup("rub")
	bound, err := money.Parse(largeAmount, rub)
	must(t, err)
	boss := s.hire(t, operator.RoleAdmin).Operator
	_, err = s.app.Payouts.SetApprovalRule(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Operator, ID: boss.ID, Name: boss.Email}), "rub", &bound)
	must(t, err)
}

// play makes a demo player bet twice and win once; a round stays open.
func (s stand) play(t *testing.T) {
	t.Helper()
	who, game := s.demo.Players[0], s.demo.Games[0].GameID
	for n, round := range []string{unique("round-"), unique("round-")} {
		bet := unique("bet-")
		common := map[string]any{
			"playerId": who.PlayerID, "sessionId": who.SessionID, "currency": who.Currency, "gameId": game, "gameRoundId": round,
			"jackpotAmount": nil, "isGameRoundFinished": false, "amount": 50, "cashAmount": 50, "transactionId": bet,
		}
		s.wallet(t, "withdraw", common)
		if n == 0 {
			common["transactionId"], common["withdrawTransactionId"], common["isGameRoundFinished"] = unique("win-"), bet, true
			s.wallet(t, "deposit", common)
		}
	}
}

// wallet calls the game wallet, signed as providers sign.
func (s stand) wallet(t *testing.T, call string, body map[string]any) {
	t.Helper()
	content, err := json.Marshal(body)
	must(t, err)
	provider, url := s.demo.GameProvider, s.base+"/wallet/"+call
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(content))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Public-Key", provider.PublicKey)
	request.Header.Set("Signature", signing.WalletSignature(http.MethodPost, url, content, provider.PrivateKey))
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s is answered %d", call, answer.StatusCode)
	}
}

func (s stand) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := s.app.DB.Exec(t.Context(), sql, args...)
	must(t, err)
}
