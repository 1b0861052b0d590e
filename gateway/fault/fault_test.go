package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"disburse/gateway/fault"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	low := fault.New(fault.InsufficientFunds, "low_balance", "low balance")
	secret := errors.New("password=hunter2")
	for _, tt := range []struct {
		name string
		err  error
		kind fault.Kind
		code string
	}{
		{"Itself", low, fault.InsufficientFunds, "low_balance"},
		{"Wrapped", fmt.Errorf("create: %w", low), fault.InsufficientFunds, "low_balance"},
		{"Joined", errors.Join(secret, low), fault.InsufficientFunds, "low_balance"},
		{"UnknownIsInternal", secret, fault.Internal, "internal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := fault.From(tt.err)
			if got.Kind != tt.kind || got.Code != tt.code || fault.Code(tt.err) != tt.code {
				t.Errorf("From = %s %s and Code = %s, want %s %s", got.Kind, got.Code, fault.Code(tt.err), tt.kind, tt.code)
			}
			if strings.Contains(got.Message, "hunter2") {
				t.Errorf("message %q tells the cause", got.Message)
			}
			if tt.kind == fault.Internal && !errors.Is(got, secret) {
				t.Error("the cause is lost")
			}
		})
	}
	t.Run("NilStaysNil", func(t *testing.T) {
		t.Parallel()
		if got, code := fault.From(nil), fault.Code(nil); got != nil || code != "" {
			t.Errorf("From(nil) = %v, Code(nil) = %q", got, code)
		}
	})
}

func TestInvalidNamesTheFirstFieldAndKeepsAll(t *testing.T) {
	t.Parallel()
	fields := []fault.Field{{Name: "order_id", Why: "is missing"}, {Name: "bik", Why: "must have 9 digits"}}
	got := fault.Invalid(fields...)
	want := &fault.Error{
		Kind: fault.InvalidInput, Code: "invalid_request",
		Message: "invalid request: order_id: is missing", Fields: fields,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Invalid (-want +got):\n%s", diff)
	}
	if got := fault.Invalid().Message; got != "invalid request" {
		t.Errorf("without fields: %q", got)
	}
}

func TestCopiesKeepTheOriginalAndStillMatch(t *testing.T) {
	t.Parallel()
	original := fault.New(fault.Unavailable, "overloading_requisite", "overloading requisite")
	cause := errors.New("full")
	got := original.With(cause).After(3 * time.Second)
	if original.Cause != nil || original.RetryAfter != 0 {
		t.Errorf("the original changed: %+v", original)
	}
	if !errors.Is(got, original) || !errors.Is(got, cause) || got.RetryAfter != 3*time.Second {
		t.Errorf("copy = %+v", got)
	}
	if errors.Is(got, fault.New(fault.Unavailable, "rate_unavailable", "")) {
		t.Error("another code matches")
	}
	if got.Error() != "overloading requisite: full" {
		t.Errorf("Error() = %q", got.Error())
	}
}

func TestKindsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[fault.Kind]bool{}
	for _, kind := range fault.Kinds() {
		if kind == "" || seen[kind] {
			t.Errorf("kind %q is empty or twice", kind)
		}
		seen[kind] = true
	}
}
