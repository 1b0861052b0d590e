package devmode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"disburse/gateway/publicid"
	"disburse/gateway/virtualcard/simulator"
)

// cardProvider is the card-provider simulator on an address of its own. What it
// knows is in the data directory, so it goes on where it stood.
type cardProvider struct {
	url    string
	key    string
	server *http.Server
	quit   context.CancelFunc // ends answers that are held back
}

// startCardProvider takes the key and, if it is free, the port of the last run,
// so that an environment that was copied somewhere stays good. At the first
// start the port is the second after the API's, next to the inspector's.
func startCardProvider(o Options, data dataDir, kept *credentials) (*cardProvider, error) {
	if kept.CardProviderKey == "" {
		kept.CardProviderKey = publicid.Token("cards")
	}
	cards, err := simulator.Open(simulator.Options{Path: data.cards(), Key: kept.CardProviderKey})
	if err != nil {
		return nil, fmt.Errorf("%w (--fresh starts anew with no data)", err)
	}
	port := kept.CardProviderPort
	if _, text, err := net.SplitHostPort(o.Listen); port == 0 && err == nil {
		if api, err := strconv.Atoi(text); err == nil && api > 0 && api < 65534 {
			port = api + 2
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("card-provider simulator: %w", err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		kept.CardProviderPort = address.Port
	}
	ctx, quit := context.WithCancel(context.Background())
	p := &cardProvider{url: localURL(listener.Addr()), key: kept.CardProviderKey, quit: quit, server: &http.Server{
		Handler: cards.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}}
	go func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("the card-provider simulator stopped", "error", err.Error())
		}
	}()
	return p, nil
}

// reachCards tells where the simulator is, to people and to a command line.
func (i *Instance) reachCards(p *cardProvider) {
	i.CardProviderURL = p.url
	i.Env["DISBURSE_CARD_PROVIDER_URL"], i.Env["DISBURSE_CARD_PROVIDER_KEY"] = p.url, p.key
}

// Close stops serving. Answers that are held back are given up.
func (p *cardProvider) Close(ctx context.Context) error {
	p.quit()
	return p.server.Shutdown(ctx)
}
