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
	ConsoleURL  string            `json:"console_url"`
	MerchantURL string            `json:"merchant_url"` // the merchants' own pages
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

	GameProvider GameProvider `json:"game_provider"` // who calls the game wallet
	Games        []Game       `json:"games"`
	Players      []Player     `json:"players"` // of different users, each with an open session

	VirtualCards    []VirtualCard `json:"virtual_cards"`     // of different users
	CardProviderURL string        `json:"card_provider_url"` // the simulator's control address
}

// GameProvider is the demo provider of games with its keys.
type GameProvider struct {
	Name       string `json:"name"`
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

// Game is a game of the demo provider.
type Game struct {
	GameID string `json:"game_id"`
}

// Player is a demo user as the demo provider knows it.
type Player struct {
	PlayerID  string `json:"player_id"`
	SessionID string `json:"session_id"`
	Currency  string `json:"currency"`
	UserID    int64  `json:"user_id"`
}

// VirtualCard is a demo user's card.
type VirtualCard struct {
	ID      string `json:"id"`
	UserID  int64  `json:"user_id"`
	Token   string `json:"token"`   // of the user
	Balance string `json:"balance"` // USD, as the provider told last
}

// Merchant is a demo merchant with its keys.
type Merchant struct {
	Name          string `json:"name"`
	Mode          string `json:"mode"`
	SignKey       string `json:"sign_key"`
	APIKey        string `json:"api_key"`
	WebhookSecret string `json:"webhook_secret"`
	AvailableUSDT string `json:"available_usdt"` // at the start of this run

	People []Person `json:"people"` // who sign in to its own pages
}

// Person is somebody of a demo merchant with their login.
type Person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
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
	lines["GAME_PUBLIC_KEY"], lines["GAME_PRIVATE_KEY"] = i.GameProvider.PublicKey, i.GameProvider.PrivateKey
	for at, p := range i.Players {
		lines[strings.ToUpper(demoUsers[at].Name)+"_SESSION"] = p.SessionID
	}
	for at, c := range i.VirtualCards {
		lines[strings.ToUpper(demoUsers[at].Name)+"_CARD"] = c.ID
	}
	lines["CARD_PROVIDER_URL"] = i.CardProviderURL
	return lines
}

// EnvFile is a file that a shell can source to have Env, and the addresses and
// keys of the demo: BASE_URL, RECEIVER_URL, OPERATOR_TOKEN, DEMO_SIGN_KEY,
// ANNA_TOKEN, ANNA_SESSION, ANNA_CARD ...
func (i Instance) EnvFile() string { return filepath.Join(i.DataDir, "env") }
