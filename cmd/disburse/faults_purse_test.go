package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// checkTrade compares what end users were told with what is kept, what they
// have, and what the books say.
func (s *stand) checkTrade() {
	s.t.Helper()
	s.checkDeals()
	s.checkPurses()
	s.tell()
	s.prove()
	s.stop()
}

// checkDeals sends every create again, which must answer with the order it made,
// and wants every order to have ended as it was told, and no other to be there.
func (s *stand) checkDeals() {
	s.t.Helper()
	byOwner := map[*customer][]*deal{}
	kinds := map[bool]int{} // whether it is P2P
	for _, d := range s.deals {
		byOwner[d.owner] = append(byOwner[d.owner], d)
		kinds[d.kind == "p2p"]++
	}
	var all sync.WaitGroup
	for _, deals := range byOwner {
		all.Go(func() {
			pace := time.NewTicker(50 * time.Millisecond) // two calls within the limit of 50 a second
			defer pace.Stop()
			for i, d := range deals {
				<-pace.C
				if r, ok := s.insist(s.gateways[i%len(s.gateways)], &s.rest, d.create()); ok {
					s.same(d, r)
				}
				if now := s.state(d, i); now != d.end || now != "completed" && now != "cancelled" {
					s.problem("%s %s: ended as %s, and is %s", d.owner.name, d.key, d.end, now)
				}
			}
		})
	}
	all.Wait()
	for table, want := range map[string]int{"card_orders": kinds[false], "p2p_orders": kinds[true]} {
		var kept int
		if err := s.db.QueryRow(s.t.Context(), "select count(*) from "+table).Scan(&kept); err != nil || kept != want {
			s.problem("%s holds %d orders, %d were answered; %v", table, kept, want, err)
		}
	}
	s.t.Logf("%d card orders and %d P2P orders; %d creates and %d changes were sent again",
		kinds[false], kinds[true], s.creates.again.Load(), s.rest.again.Load())
}

// purse is a balance as the API tells it.
type purse struct {
	Available int64 `json:"available"`
	Held      int64 `json:"held"`
	Deposited int64 `json:"deposited_total"`
	Withdrawn int64 `json:"withdrawn_total"`
}

// checkPurses wants everybody to have what the deals that completed leave, and
// nothing to be held.
func (s *stand) checkPurses() {
	s.t.Helper()
	want := map[*customer]*purse{}
	for _, c := range s.customers {
		want[c] = &purse{Available: startedWith, Deposited: startedWith}
	}
	for _, d := range s.deals {
		if d.end != "completed" {
			continue
		}
		from, to := d.seller, d.owner
		if d.kind == "withdraw" {
			from, to = d.owner, nil
		}
		if from != nil {
			want[from].Available -= d.amount
			want[from].Withdrawn += d.amount
		}
		if to != nil {
			want[to].Available += d.amount
			want[to].Deposited += d.amount
		}
	}
	for c, p := range want {
		var got purse
		r, ok := s.insist(s.gateways[0], &s.rest, c.call(http.MethodGet, "/users/me/balance", "", nil))
		if !ok {
			continue
		}
		if err := json.Unmarshal(r.body, &got); err != nil || got != *p {
			s.problem("%s has %+v, want %+v; answered %v", c.name, got, *p, r)
		}
	}
}
