package httpprovider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"disburse/gateway/virtualcard"
)

const maxAnswer = 64 << 10

// sending is one request.
type sending struct {
	method string
	path   string
	key    string // of an order
	body   Order  // of an order
}

// call asks the provider once. Its error is ErrNotSent only when no connection
// was ever had, so that no byte of the request can have left.
func (p *Provider) call(ctx context.Context, s sending) (status int, content []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := p.request(ctx, s)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", virtualcard.ErrNotSent, err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		class := virtualcard.ErrNotSent
		if connected.Load() {
			class = virtualcard.ErrUnknown
		}
		return 0, nil, fmt.Errorf("%w: %w", class, err)
	}
	defer response.Body.Close()
	// What follows a switch of protocols, which nobody asked for, is no answer:
	// the transport has let go of the connection, and the time limit with it.
	if response.StatusCode == http.StatusSwitchingProtocols {
		return 0, nil, unknown(response.StatusCode, errors.New("it switches protocols"))
	}
	// What is longer is cut off, and so no JSON any more.
	content, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, unknown(response.StatusCode, err)
	}
	return response.StatusCode, content, nil
}

func (p *Provider) request(ctx context.Context, s sending) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if s.method == http.MethodPost {
		content, err := json.Marshal(s.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(ctx, s.method, p.base+s.path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.key)
	request.Header.Set("Accept", "application/json")
	if s.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set(KeyHeader, s.key)
	}
	return request, nil
}

// read reads an answer about the order with this key.
func read(status int, content []byte, key string) (virtualcard.Outcome, error) {
	var a Answer
	if err := parse(content, &a); err != nil {
		return virtualcard.Outcome{}, unknown(status, err)
	}
	out, err := a.outcome(key)
	if err != nil {
		return virtualcard.Outcome{}, unknown(status, err)
	}
	return out, nil
}

// parse reads one JSON value. What is wrong with it is not told in the decoder's
// words, which may quote the content.
func parse(content []byte, into any) error {
	if err := json.Unmarshal(content, into); err != nil {
		return errors.New("it is not the JSON that was agreed upon")
	}
	return nil
}

func unknown(status int, why error) error {
	return fmt.Errorf("%w: answer %d: %w", virtualcard.ErrUnknown, status, why)
}

func notSent(why string) error { return fmt.Errorf("%w: %s", virtualcard.ErrNotSent, why) }
