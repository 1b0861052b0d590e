package console_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"disburse/gateway/operator"
)

// press has two operators press the button of a queue at the same moment, as
// often as asked, and wants every item to go to one of them.
func press(t *testing.T, path string, rounds int, first, second *clerk) {
	t.Helper()
	given := make(map[string]bool)
	for round := range rounds {
		var got [2]paper
		start := make(chan struct{})
		var both sync.WaitGroup
		for i, c := range []*clerk{first, second} {
			both.Go(func() {
				<-start
				got[i] = c.post(path + "/claim")
			})
		}
		close(start)
		both.Wait()
		for _, p := range got {
			if p.status != http.StatusSeeOther || p.where == path {
				t.Fatalf("round %d: %d to %q", round, p.status, p.where)
			}
			if given[p.where] {
				t.Fatalf("round %d: %s was given twice", round, p.where)
			}
			given[p.where] = true
		}
	}
	for _, c := range []*clerk{first, second} {
		c.post(path+"/claim").wants(t, http.StatusSeeOther, path)
	}
	if len(given) != 2*rounds {
		t.Errorf("%d items were given, want %d", len(given), 2*rounds)
	}
}

func TestClaimNextNeverGivesTheSameTwice(t *testing.T) {
	t.Parallel()
	s := standOfWork(t)
	t.Run("Payouts", func(t *testing.T) {
		const rounds = 200
		for i := range 2 * rounds {
			s.waiting(fmt.Sprintf("order-%d", i))
		}
		press(t, "/payouts", rounds, s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator))
	})
	t.Run("CardOrders", func(t *testing.T) {
		const rounds = 50
		for range 2 * rounds {
			s.withdrawal()
		}
		press(t, "/card-orders", rounds, s.clerk(operator.RoleOperator), s.clerk(operator.RoleOperator))
	})
	t.Run("Disputes", func(t *testing.T) {
		const rounds = 25
		for range 2 * rounds {
			s.dispute()
		}
		press(t, "/disputes", rounds, s.clerk(operator.RoleApprover), s.clerk(operator.RoleApprover))
	})
}
