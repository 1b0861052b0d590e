package callbacks

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A receiver has to be who its name says. Which versions of HTTP it has besides
// makes no difference.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trusted bool
		host    string // the certificate is for 127.0.0.1 and example.com
		want    State
		error   string
	}{
		"OK":               {true, "127.0.0.1", Delivered, ""},
		"AnotherName":      {true, "localhost", Pending, "tls"},
		"UnknownAuthority": {false, "127.0.0.1", Pending, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if c.want != Delivered {
					t.Error("the body was sent")
				}
			}))
			receiver.EnableHTTP2 = true
			receiver.Config.ErrorLog = log.New(io.Discard, "", 0)
			receiver.StartTLS()
			t.Cleanup(receiver.Close)
			b.start(func(config *Config) {
				config.RootCAs = x509.NewCertPool()
				if c.trusted {
					config.RootCAs.AddCert(receiver.Certificate())
				}
			})
			d := b.attempted(b.stage(strings.Replace(receiver.URL, "127.0.0.1", c.host, 1), 1)[0], 1)
			if d.State != c.want || d.Log[0].Error != c.error {
				t.Errorf("item %+v, attempt %+v", d.Item, d.Log[0])
			}
		})
	}
}
