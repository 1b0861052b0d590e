package acceptance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Config says which wallet is played, and what with. URL to Game are required.
type Config struct {
	URL        string // the wallet's base; the calls are URL + /wallet/balance and so on
	SignedURL  string // the base that signatures name, where it differs from URL
	PublicKey  string
	PrivateKey string
	Player     string // must have some money and no limits
	Session    string
	Currency   string
	Decimals   int // of the currency
	Game       string

	SecondPlayer    string // another player of the same provider and currency
	SecondSession   string // a session of his
	ParallelSession string // a second open session of Player
	ExpiredSession  string // an ended one of Player
	BlockedPlayer   string
	BlockedSession  string // a session of his that has not expired
	InactiveGame    string

	Only    []string      // names of cases, or ids of the list such as GW-16; all when it is empty
	Profile Profile       // what is right where providers differ
	Timeout time.Duration // for an answer; 10 s when it is zero
	Client  *http.Client
}

// check names everything that is missing at once.
func (c Config) check() error {
	var missing []string
	for _, part := range []struct{ name, value string }{
		{"URL", c.URL}, {"public key", c.PublicKey}, {"private key", c.PrivateKey}, {"player", c.Player},
		{"session", c.Session}, {"currency", c.Currency}, {"game", c.Game},
	} {
		if part.value == "" {
			missing = append(missing, part.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("acceptance: needed and not given: %s", strings.Join(missing, ", "))
	}
	if c.Decimals < 0 || c.Decimals > 6 {
		return errors.New("acceptance: a currency has 0 to 6 decimals")
	}
	return nil
}

// Status is how a case ended.
type Status string

// The ends of a case.
const (
	Passed  Status = "pass"
	Failed  Status = "fail"
	Skipped Status = "skip"
)

// Result is one line of the report.
type Result struct {
	Name   string   `json:"name"`
	IDs    []string `json:"ids"`   // of the list of cases, such as GW-16
	About  string   `json:"about"` // what holds when it passes
	Status Status   `json:"status"`
	Detail string   `json:"detail,omitempty"` // what went wrong, or what is needed to play it
}

// Report is a whole run.
type Report struct {
	Results   []Result          `json:"results"`
	Passed    int               `json:"passed"`
	Failed    int               `json:"failed"`
	Skipped   int               `json:"skipped"`
	NotPlayed map[string]string `json:"not_played"` // ids that no outside caller can play, and why
	LeftOver  string            `json:"left_over"`  // what the run added to the player's balance; negative when it took
}

// Run plays every case in turn and tells each as it ends. It fails only when
// there is nothing to play against: a Config with gaps, or a wallet that does not
// answer balance at all.
func Run(ctx context.Context, c Config, tell func(done, all int, r Result)) (Report, error) {
	if err := c.check(); err != nil {
		return Report{}, err
	}
	chosen, err := choose(c.Only)
	if err != nil {
		return Report{}, err
	}
	c = c.withDefaults()
	t := &table{Config: c, ctx: ctx, run: strings.ToLower(rand.Text()[:10])}
	before, err := t.greet()
	if err != nil {
		return Report{}, err
	}
	report := Report{NotPlayed: notPlayed}
	for i, one := range chosen {
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		result := t.play(one)
		report.add(result)
		if tell != nil {
			tell(i+1, len(chosen), result)
		}
	}
	after, err := t.greet()
	if err != nil {
		return Report{}, err
	}
	report.LeftOver = c.text(after - before)
	return report, nil
}

// choose finds the cases of the names and ids, in the order in which all are
// played.
func choose(only []string) ([]scenario, error) {
	if len(only) == 0 {
		return cases, nil
	}
	found := map[string]bool{}
	var chosen []scenario
	for _, one := range cases {
		wanted := false
		for _, name := range only {
			if name == one.name || slices.Contains(one.ids, strings.ToUpper(name)) {
				wanted, found[name] = true, true
			}
		}
		if wanted {
			chosen = append(chosen, one)
		}
	}
	for _, name := range only {
		if why, known := notPlayed[strings.ToUpper(name)]; known {
			return nil, fmt.Errorf("%s cannot be played: %s", name, why)
		}
		if !found[name] {
			return nil, fmt.Errorf("no case %q", name)
		}
	}
	return chosen, nil
}

func (c Config) withDefaults() Config {
	c.URL = strings.TrimRight(c.URL, "/")
	if c.SignedURL == "" {
		c.SignedURL = c.URL
	}
	c.SignedURL = strings.TrimRight(c.SignedURL, "/")
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Client == nil {
		c.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd}}
	}
	c.Profile = c.Profile.withDefaults()
	return c
}

func (r *Report) add(result Result) {
	r.Results = append(r.Results, result)
	switch result.Status {
	case Passed:
		r.Passed++
	case Failed:
		r.Failed++
	case Skipped:
		r.Skipped++
	}
}

// notPlayed are the cases of the list that cannot be played from outside.
var notPlayed = map[string]string{
	"GW-24": "records are kept for months: takes months",
	"GW-25": "several actions in one call: this API has one action a call",
	"GW-36": "a refund by another way than rollback: this API has no other",
	"GW-40": "rollbacks marked by a field of other calls: this API has a call for them",
	"GW-47": "rounds that stay open are reported to the operator, not to the provider",
	"GW-55": "bets against the wallet's other withdrawals: the tester knows only this API",
	"GW-58": "a fault inside the wallet is answered by 5xx: cannot be provoked from outside",
	"GW-60": "lists of transactions are the operator's, not the provider's",
}
