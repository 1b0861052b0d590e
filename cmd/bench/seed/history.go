package seed

import (
	"container/heap"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"time"

	"disburse/callbacks"
	"disburse/callbacks/dial"
	"disburse/gateway/enduser"
	"disburse/gateway/merchant"
	"disburse/gateway/payout"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
	"disburse/ledger"
	"disburse/ledger/money"
)

// history is what happened so far: balances, and what is still to end.
type history struct {
	o         Options
	vault     *vault.Vault
	merchants []merchant.Created
	random    *rand.Rand
	now       time.Time
	start     time.Time
	made      int
	ended     int
	balances  map[ledger.Account]*book
	waiting   ends
	batch     batch
}

// book is an account while it is written.
type book struct{ id, balance int64 }

// life is a payout that is still to end.
type life struct {
	id, order, merchant string
	number              int
	created, ends       time.Time
	status              payout.Status
	usdt, fee           int64
}

// ends are payouts by the moment of their end.
type ends []life

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].ends.Before(e[j].ends) }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(life)) }
func (e *ends) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

func newHistory(o Options, v *vault.Vault, made []merchant.Created, now time.Time) *history {
	return &history{
		o: o, vault: v, merchants: made, now: now, start: now.Add(-time.Duration(o.Days) * 24 * time.Hour),
		random:   rand.New(rand.NewPCG(1, 2)), //nolint:gosec // amounts and times, not secrets
		balances: make(map[ledger.Account]*book),
	}
}

// topUp is what each merchant begins with, in minor units.
const topUp = 100_000_000_000_000

// perDay is how a day is spread: few at night.
var perDay = [24]int{2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 9, 9, 9, 9, 9, 8, 8, 7, 6, 5, 4, 3}

// moments are when n payouts are made of the whole, in order: the newest, which
// are open, within the last half hour.
func (h *history) moment(number int) time.Time {
	closed := h.o.Payouts - h.o.Open
	recent := h.now.Add(-40 * time.Minute)
	if number >= closed {
		return h.now.Add(-30*time.Minute + 30*time.Minute*time.Duration(number-closed)/time.Duration(max(1, h.o.Open)))
	}
	whole := recent.Sub(h.start)
	at := h.start.Add(time.Duration(float64(whole) * float64(number) / float64(max(1, closed))))
	// Within its day, an instant moves towards the busy hours.
	day := at.Truncate(24 * time.Hour)
	if day.Before(h.start) || day.Add(24*time.Hour).After(recent) {
		return at
	}
	return day.Add(busy(float64(at.Sub(day)) / float64(24*time.Hour)))
}

// busy is the time of day by which that part of its payouts was made.
func busy(part float64) time.Duration {
	all := 0
	for _, n := range perDay {
		all += n
	}
	left := part * float64(all)
	for hour, n := range perDay {
		if left < float64(n) {
			return time.Duration((float64(hour) + left/float64(n)) * float64(time.Hour))
		}
		left -= float64(n)
	}
	return 24*time.Hour - 1
}

// next makes n payouts and whatever ends meanwhile; in the end, all that shall.
func (h *history) next(n int, last bool) (batch, error) {
	h.batch = newBatch(n)
	for range n {
		at := h.moment(h.made)
		if err := h.endUntil(at); err != nil {
			return batch{}, err
		}
		if err := h.create(at); err != nil {
			return batch{}, err
		}
	}
	if last {
		if err := h.endUntil(h.now); err != nil {
			return batch{}, err
		}
	}
	return h.batch, nil
}

func (h *history) endUntil(at time.Time) error {
	for len(h.waiting) > 0 && !h.waiting[0].ends.After(at) {
		if err := h.end(heap.Pop(&h.waiting).(life)); err != nil {
			return err
		}
	}
	return nil
}

// create is a payout and what it holds.
func (h *history) create(at time.Time) error {
	number := h.made
	h.made++
	m := h.merchants[int(h.random.ExpFloat64()*float64(len(h.merchants))/4)%len(h.merchants)].Merchant
	fiat := money.New(h.random.Int64N(4_900_000)+100_000, enduser.RUB)
	usdt, err := ledger.Convert(fiat, rate)
	if err != nil {
		return err
	}
	fee, err := ledger.FeeOf(usdt, m.FeeBPS, m.FeeFixed)
	if err != nil {
		return err
	}
	l := life{
		id: publicid.At(payout.IDPrefix, at), order: fmt.Sprintf("%s-%07d", h.o.Name, number), merchant: m.ID, number: number,
		created: at, usdt: usdt.Minor(), fee: fee.Minor(), status: payout.Expectation,
	}
	h.move("payout:"+l.merchant+":"+l.order+":hold", 0, ledger.FlowPayoutHold, at,
		ledger.MerchantAvailable(ledger.Live, m.ID), ledger.MerchantHeld(ledger.Live, m.ID), l.usdt+l.fee)
	if number < h.o.Payouts-h.o.Open {
		l.status, l.ends = h.fate(at)
		heap.Push(&h.waiting, l)
	}
	return h.addPayout(l, fiat.Minor())
}

// fate is how a payout ends, and when.
func (h *history) fate(at time.Time) (payout.Status, time.Time) {
	took := min(time.Duration(30+h.random.ExpFloat64()*420)*time.Second, 39*time.Minute)
	switch n := h.random.IntN(100); {
	case n < 92:
		return payout.Successful, at.Add(took)
	case n < 96:
		return payout.RejectedTimeout, at.Add(39 * time.Minute)
	case n < 98:
		return payout.RejectedMerchant, at.Add(took / 2)
	default:
		return payout.RejectedGate, at.Add(took)
	}
}

// expires is when a payout times out: an open one not while it is looked at.
func (l life) expires() time.Time {
	if l.status == payout.Expectation {
		return l.created.Add(7 * 24 * time.Hour)
	}
	return l.created.Add(39 * time.Minute)
}

// by is who ended it.
func (l life) by() string {
	switch l.status {
	case payout.RejectedTimeout:
		return "system"
	case payout.RejectedMerchant:
		return "merchant:" + l.merchant
	default:
		return "cli:seed"
	}
}

// end is what a payout's end moves, and its callback.
func (h *history) end(l life) error {
	reference, held := "payout:"+l.id+":end", ledger.MerchantHeld(ledger.Live, l.merchant)
	if l.status == payout.Successful {
		house := ledger.Account{Mode: ledger.Live, Owner: ledger.House, Purpose: ledger.PurposeSettlement, Currency: money.USDT}
		h.move(reference, 0, ledger.FlowPayoutSettle, l.ends, held, house, l.usdt)
		if house.Purpose = ledger.PurposeFees; l.fee > 0 {
			h.move(reference, 1, ledger.FlowPayoutSettle, l.ends, held, house, l.fee)
		}
	} else {
		h.move(reference, 0, ledger.FlowPayoutRelease, l.ends, held, ledger.MerchantAvailable(ledger.Live, l.merchant), l.usdt+l.fee)
	}
	h.ended++
	if h.o.Payouts-h.o.Open-h.ended >= h.o.Callbacks {
		return nil
	}
	return h.addCallback(l)
}

// move is one transfer, in the order in which balances change.
//
//nolint:revive // the columns of a transfer
func (h *history) move(reference string, leg int16, flow string, at time.Time, from, to ledger.Account, amount int64) {
	a, b := h.balances[from], h.balances[to]
	a.balance -= amount
	b.balance += amount
	h.batch.add(transfers, reference, leg, flow, a.id, b.id, amount, a.balance, b.balance, at)
}

func (h *history) addPayout(l life, fiat int64) error {
	card := fmt.Sprintf("4276%012d", h.random.Int64N(1_000_000_000_000))
	salt := make([]byte, 16)
	_, _ = crand.Read(salt) // never fails
	// As package payout keeps it: the requisite, a zero and the salt.
	sealed, err := h.vault.Seal("payouts.requisite_box:"+l.id, append(append([]byte(card), 0), salt...))
	if err != nil {
		return err
	}
	fingerprint := make([]byte, 32)
	_, _ = crand.Read(fingerprint)
	var ended *time.Time
	var by *string
	if l.status != payout.Expectation {
		who := l.by()
		ended, by = &l.ends, &who
	}
	customer := ""
	if l.number%2 == 0 {
		customer = fmt.Sprintf("customer-%05d", h.random.IntN(50_000))
	}
	h.batch.add(payouts, l.id, l.merchant, l.order, "live", string(l.status), "waiting", "rub", "card", fiat, rate.Shift(4).IntPart(), l.usdt, l.fee,
		card[12:], sealed.Key, sealed.Box, fingerprint, "Bank", "", "Petrov Petr", customer, "",
		"https://shop.example.com/success", "https://shop.example.com/error", l.created, l.expires(), ended, by)
	if l.status == payout.Expectation {
		return nil
	}
	if l.status == payout.Successful || l.status == payout.RejectedGate {
		h.batch.add(events, l.id, l.created.Add(10*time.Second), "claimed", "cli:seed", "")
	}
	h.batch.add(events, l.id, l.ends, string(l.status), l.by(), "")
	return nil
}

func (h *history) addCallback(l life) error {
	id := publicid.At(payout.EventPrefix, l.ends)
	body := fmt.Sprintf(`{"order_id":%q,"type":"pay_out","status":%q,"internal_transaction_id":%q}`, l.order, l.status, l.id)
	sealed, err := h.vault.Seal(payout.BodyAAD(id), []byte(body))
	if err != nil {
		return err
	}
	target := "https://shop.example.com/error"
	if l.status == payout.Successful {
		target = "https://shop.example.com/success"
	}
	h.batch.add(callbackEvents, id, l.merchant, l.id, l.order, "payout."+string(l.status), target, sealed.Key, sealed.Box, l.ends)
	state, attempts, outcome, code, reason := callbacks.Delivered, 1, callbacks.Accepted, 200, ""
	if h.random.IntN(100) == 0 {
		state, attempts, outcome, code, reason = callbacks.Dead, 3, callbacks.Refused, 500, "exhausted"
	}
	took := time.Duration(20+h.random.ExpFloat64()*200) * time.Millisecond
	for n := range attempts {
		h.batch.add(callbackAttempts, id, int32(n+1), l.ends.Add(time.Duration(n)*time.Minute), took.Microseconds(), string(outcome), int32(code), "", "ok")
	}
	finished := l.ends.Add(time.Duration(attempts-1)*time.Minute + took)
	failures := attempts
	if state == callbacks.Delivered {
		failures = 0
	}
	h.batch.add(callbackDeliveries, id, l.merchant+"|"+dial.Endpoint(target), string(state), "first", int32(attempts), int32(failures),
		l.ends, l.ends, int32(code), finished, reason)
	return nil
}
