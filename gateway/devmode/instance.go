package devmode

import (
	"maps"
	"path/filepath"
	"strings"
)

// Instance tells where everything of a running dev mode is and how to get in.
// It is made of secrets that are good on this machine alone.
type Instance struct {
	// Env is what a command line against this instance needs.
	Env         map[string]string `json:"env"`
	BaseURL     string            `json:"base_url"`
	ConsoleURL  string            `json:"console_url"` // empty when there is none
	DocsURL     string            `json:"docs_url"`
	MetricsURL  string            `json:"metrics_url"`
	ReceiverURL string            `json:"receiver_url"` // the callback inspector
	DatabaseURL string            `json:"database_url"`
	RedisURL    string            `json:"redis_url"`
	DataDir     string            `json:"data_dir"`

	Merchants []Merchant `json:"merchants"` // the first is not served by the sandbox executor
	Operator  Operator   `json:"operator"`  // an admin
	Operators []Operator `json:"operators"` // a second person, an approver
	Users     []User     `json:"users"`     // end users, each with money that may be withdrawn

	// Parties of features that are not there yet; their places are kept so that
	// the object's shape is stable.
	GameProvider    any    `json:"game_provider"`
	Games           []any  `json:"games"`
	Players         []any  `json:"players"`
	VirtualCards    []any  `json:"virtual_cards"`
	CardProviderURL string `json:"card_provider_url"`
}

// Merchant is a demo merchant with its keys.
type Merchant struct {
	Name          string `json:"name"`
	Mode          string `json:"mode"`
	SignKey       string `json:"sign_key"`
	APIKey        string `json:"api_key"`
	WebhookSecret string `json:"webhook_secret"`
	AvailableUSDT string `json:"available_usdt"` // at the start of this run
}

// Operator is a demo operator with its login.
type Operator struct {
	Email    string `json:"email"`
	Role     string `json:"role"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// User is a demo end user with its token.
type User struct {
	ID               int64  `json:"id"`
	Name             string `json:"name"`
	Token            string `json:"token"`
	AvailableKopecks int64  `json:"available_kopecks"` // at the start of this run
}

// shell is Env, and what the lines of the README need besides.
func (i Instance) shell() map[string]string {
	lines := maps.Clone(i.Env)
	lines["BASE_URL"], lines["RECEIVER_URL"] = i.BaseURL, i.ReceiverURL
	lines["OPERATOR_TOKEN"] = i.Operator.Token
	for _, m := range i.Merchants {
		prefix := strings.ToUpper(m.Name)
		lines[prefix+"_SIGN_KEY"], lines[prefix+"_API_KEY"] = m.SignKey, m.APIKey
		lines[prefix+"_WEBHOOK_SECRET"] = m.WebhookSecret
	}
	for _, u := range i.Users {
		lines[strings.ToUpper(u.Name)+"_TOKEN"] = u.Token
	}
	return lines
}

// EnvFile is a file that a shell can source to have Env, and the addresses and
// keys of the demo: BASE_URL, RECEIVER_URL, OPERATOR_TOKEN, DEMO_SIGN_KEY,
// ANNA_TOKEN ...
func (i Instance) EnvFile() string { return filepath.Join(i.DataDir, "env") }
