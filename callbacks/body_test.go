package callbacks

import (
	"errors"
	"strings"
	"testing"
)

func TestBodyForPeople(t *testing.T) {
	b := newBench(t)
	hash := strings.Repeat("0a1b2c3d", 8)
	body := `{"standart_sign":"` + hash + `","order_id":"order-1","fiat_amount":"1500.00","phone_number":"+79161234567"}`
	masked := `{"standart_sign":"[masked]","order_id":"order-1","fiat_amount":"1500.00","phone_number":"+[masked]4567"}`
	const target = "https://shop.example/done"
	plain, sealed := b.event(target), b.event(target)
	plain.Body = []byte(body)
	sealed.BodyKey, sealed.Body = "k1", box(sealed.ID, "k1", body)
	b.stageEvents(plain, sealed)

	for name, e := range map[string]Event{"Plain": plain, "Sealed": sealed} {
		t.Run(name, func(t *testing.T) {
			got, err := b.journal().Body(t.Context(), e.ID, openBox)
			if err != nil || got != masked {
				t.Errorf("got %s, %v; want %s", got, err, masked)
			}
		})
	}
	t.Run("ErrNotFound", func(t *testing.T) {
		if _, err := b.journal().Body(t.Context(), "evt_none", openBox); !errors.Is(err, ErrNotFound) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("ErrDoesNotOpen", func(t *testing.T) {
		other := func(_, key string, sealed []byte) ([]byte, error) { return openBox("evt_other", key, sealed) }
		got, err := b.journal().Body(t.Context(), sealed.ID, other)
		if err == nil || got != "" || strings.Contains(err.Error(), hash) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}
