package callbacks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"disburse/callbacks/dial"
	"disburse/signing"
)

// connectTimeout bounds a connect, with the look-up of the name.
const connectTimeout = 3 * time.Second

// newHTTPClient returns the client that every callback goes through.
func newHTTPClient(cfg Config) *http.Client {
	dialer := dial.New(cfg.Allow, connectTimeout, net.DefaultResolver)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial for us, past the check
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    cfg.AttemptTimeout,
			MaxIdleConns:           2048,
			MaxIdleConnsPerHost:    windowCap,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: readLimit,
			DisableCompression:     true,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came back from a post.
type answer struct {
	result  result
	Error   string
	Excerpt string
}

// post makes one attempt of j and waits no longer than the attempt may take.
func (s *Sender) post(ctx context.Context, j job, headers signing.Headers, body []byte) answer {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.AttemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.URL, bytes.NewReader(body))
	if err != nil || (req.URL.Scheme != "http" && req.URL.Scheme != "https") {
		return answer{result: result{Outcome: Forbidden}, Error: "bad_url"}
	}
	headers.Apply(req.Header.Set)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.cfg.UserAgent)
	// Not sent, but lets the transport repeat the request on a new connection
	// when the receiver has just closed the idle one: the receiver tells
	// repeats apart by webhook-id.
	req.Header["Idempotency-Key"] = nil

	res, err := s.http.Do(req)
	if err != nil {
		outcome, class := classify(err)
		return answer{result: result{Outcome: outcome}, Error: class}
	}
	defer res.Body.Close()
	// The status is the answer; a body that does not end, or breaks off,
	// changes nothing about it. Reading it to the end keeps the connection.
	// What follows a switch of protocols, which nobody asked for, is no body:
	// the transport has let go of the connection, and the time limit with it.
	var read []byte
	if res.StatusCode != http.StatusSwitchingProtocols {
		read, _ = io.ReadAll(io.LimitReader(res.Body, readLimit))
	}
	got := answer{result: result{Outcome: Refused, Status: res.StatusCode}, Excerpt: excerpt(read)}
	if res.StatusCode/100 == 2 {
		got.result.Outcome = Accepted
		return got
	}
	got.result.RetryAfter = retryAfter(res.Header.Get("Retry-After"), s.cfg.Now())
	return got
}

// classify names the kind of failure of a request that got no answer.
func classify(err error) (Outcome, string) {
	var (
		refused *dial.Refused
		dns     *net.DNSError
		dialing *net.OpError
		timeout net.Error
	)
	timedOut := errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout())
	switch {
	case errors.As(err, &refused):
		return Forbidden, "address_" + string(refused.Reason)
	case errors.As(err, &dns) && timedOut:
		return TimedOut, "dns_timeout"
	case errors.As(err, &dns):
		return Unreachable, "dns"
	case timedOut && errors.As(err, &dialing) && dialing.Op == "dial":
		return TimedOut, "connect_timeout"
	case timedOut:
		return TimedOut, "timeout"
	case isTLS(err):
		return Unreachable, "tls"
	case errors.Is(err, syscall.ECONNREFUSED):
		return Unreachable, "connection_refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return Unreachable, "connection_closed"
	default:
		return Unreachable, "network"
	}
}

func isTLS(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert)
}
