package merchant_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/approval"
	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/merchant"
	"disburse/ledger"
)

func TestNewKeysOfALiveMerchantNeedTwoPeople(t *testing.T) {
	t.Parallel()
	for name, pick := range map[string]func(*office) context.Context{
		"AnAdmin":        func(o *office) context.Context { return o.anna },
		"TheCommandLine": func(o *office) context.Context { return o.root },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, ledger.Live)
			by, kinds := pick(o), []merchant.KeyKind{merchant.SignKey}
			before := o.byName(t, "demo")
			if _, asks, err := o.PreviewRotateKeys(by, "demo", kinds, time.Hour); err != nil || !asks {
				t.Errorf("preview: asks %v, %v", asks, err)
			}
			var id string
			for range 2 { // asking again asks nothing new
				r, err := o.RotateKeys(by, "demo", kinds, time.Hour)
				if err != nil || r.Waiting == nil || r.Secrets != (merchant.Secrets{}) || id != "" && r.Waiting.ID != id {
					t.Fatalf("%+v, %v", r, err)
				}
				id = r.Waiting.ID
			}
			if _, err := o.RotateKeys(o.clara, "demo", kinds, time.Hour); fault.Code(err) != "already_waiting" {
				t.Errorf("another asks: %v", err)
			}
			if _, err := o.desk.Approve(o.boris, id, ""); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before.SignKeys, o.byName(t, "demo").SignKeys); diff != "" {
				t.Error("keys were made by approving")
			}
			if r, err := o.RotateKeys(o.clara, "demo", kinds, time.Hour); err != nil || r.Waiting == nil {
				t.Errorf("another uses it: %+v, %v", r, err)
			} else if _, err := o.desk.Withdraw(o.clara, r.Waiting.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGrantedKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	granted := func(kinds ...merchant.KeyKind) {
		t.Helper()
		r, err := o.RotateKeys(o.anna, "demo", kinds, time.Hour)
		if err != nil || r.Waiting == nil {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := o.desk.Approve(o.boris, r.Waiting.ID, ""); err != nil {
			t.Fatal(err)
		}
		o.since.Add(int64(time.Second))
	}
	granted(merchant.SignKey)
	r, err := o.RotateKeys(o.anna, "demo", []merchant.KeyKind{merchant.SignKey}, time.Hour)
	if err != nil || r.Waiting != nil || r.Secrets.SignKey == "" || r.Secrets.APIKey != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = o.RotateKeys(o.anna, "demo", []merchant.KeyKind{merchant.SignKey}, time.Hour); err != nil || r.Waiting == nil {
		t.Fatalf("a second time: %+v, %v", r, err)
	}
	if _, err := o.desk.Withdraw(o.anna, r.Waiting.ID); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() (merchant.Rotated, error){
		"OtherKinds": func() (merchant.Rotated, error) { return o.RotateKeys(o.anna, "demo", nil, time.Hour) },
		"OtherGrace": func() (merchant.Rotated, error) {
			return o.RotateKeys(o.anna, "demo", []merchant.KeyKind{merchant.APIKey}, 2*time.Hour)
		},
		"TooLate": func() (merchant.Rotated, error) {
			o.since.Add(int64(approval.Life))
			return o.RotateKeys(o.anna, "demo", []merchant.KeyKind{merchant.APIKey}, time.Hour)
		},
		"RotatedByTheMerchantMeanwhile": func() (merchant.Rotated, error) {
			itself := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Merchant, ID: "mer_x"})
			r, err := o.RotateKeys(itself, "demo", []merchant.KeyKind{merchant.APIKey}, time.Hour)
			if r.Secrets.APIKey == "" {
				t.Error("the merchant needs nobody")
			}
			if err != nil {
				return r, err
			}
			return o.RotateKeys(o.anna, "demo", []merchant.KeyKind{merchant.APIKey}, time.Hour)
		},
	} {
		granted(merchant.APIKey)
		r, err := change()
		if err != nil || r.Waiting == nil || r.Secrets != (merchant.Secrets{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
			continue
		}
		if _, err := o.desk.Withdraw(o.anna, r.Waiting.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestKeysThatOnePersonRotates(t *testing.T) {
	t.Parallel()
	t.Run("OfASandboxMerchant", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, ledger.Sandbox)
		if r, err := o.RotateKeys(o.anna, "demo", nil, 0); err != nil || r.Secrets.SignKey == "" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("BeforeThePlatformHasApprovers", func(t *testing.T) {
		t.Parallel()
		p := setup2(t)
		p.operator(t, "olga", "operator")
		root := audit.WithActor(t.Context(), audit.Actor{Kind: audit.CLI, ID: "root"})
		if r, err := p.RotateKeys(root, "demo", nil, 0); err != nil || r.Secrets.SignKey == "" {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("ErrNobodyElseCouldApprove", func(t *testing.T) {
		t.Parallel()
		p := setup2(t)
		only := p.operator(t, "olga", "admin")
		_, err := p.RotateKeys(only, "demo", nil, 0)
		checkFault(t, err, "approval_blocked", nil)
		_, err = p.Adjust(only, "demo", merchant.Adjustment{Amount: usdt(t, "1"), Reason: "x"})
		checkFault(t, err, "approval_blocked", nil)
	})
}

// TestOneGrantMakesKeysOnce: the same person in many places at once.
func TestOneGrantMakesKeysOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, ledger.Live)
	r, err := o.RotateKeys(o.anna, "demo", nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.desk.Approve(o.boris, r.Waiting.ID, ""); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	made := 0
	for range 8 {
		all.Go(func() {
			r, err := o.RotateKeys(o.anna, "demo", nil, time.Hour)
			if err != nil && !errors.Is(err, approval.ErrWaiting) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if r.Secrets.SignKey != "" {
				made++
			}
		})
	}
	all.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}
