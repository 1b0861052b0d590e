package console_test

import (
	"fmt"
	"net/http"
	"testing"

	"disburse/gateway/operator"
	"disburse/gateway/racetest"
)

// press has two operators press the button of a queue at the same moment, as
// often as asked, and wants every item to go to one of them.
func press(t *testing.T, path string, rounds int, first, second *clerk) {
	t.Helper()
	clerks := []*clerk{first, second}
	given := make(map[string]bool)
	for round := range rounds {
		for _, p := range racetest.Run(2, func(i int) paper { return clerks[i].post(path + "/claim") }) {
			if p.status != http.StatusSeeOther || p.where == path {
				t.Fatalf("round %d: %d to %q", round, p.status, p.where)
			}
			if given[p.where] {
				t.Fatalf("round %d: %s was given twice", round, p.where)
			}
			given[p.where] = true
		}
	}
	for _, c := range clerks {
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
