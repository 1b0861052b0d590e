package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"disburse/ledger"
	"disburse/ledger/ledgertest"
	"disburse/migrations/pgtest"
)

// unguarded starts a ledger whose books the test is going to spoil.
func unguarded(t testing.TB, db *pgxpool.Pool) *ledger.Ledger {
	t.Helper()
	l, err := ledger.New(ledger.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// The database itself refuses to change history, also for its owner.
func TestBooksAreAppendOnly(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledgertest.New(t, db)
	topUp(t, l, "a", "1")
	if _, err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"update ledger_transfers set amount = 2",
		"delete from ledger_transfers",
		"truncate ledger_transfers",
		"update ledger_seals set transfers = 2",
		"delete from ledger_seals",
		"delete from ledger_accounts",
		"update ledger_accounts set floor = null",
		"update ledger_accounts set owner = 'b'",
	} {
		if _, err := db.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v, want it refused", sql, err)
		}
	}
	if _, err := db.Exec(t.Context(), "update ledger_accounts set balance = -1 where purpose = 'available'"); err == nil {
		t.Error("a customer's balance below zero was stored")
	}
}

// Whoever gets round the triggers is seen by Verify. Each row spoils books of
// three sealed and one unsealed posting in one way.
func TestVerifyFindsEveryKindOfDamage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, damage, want string }{
		{"Nothing", "select 1", ""},
		{"StoredBalance", "update ledger_accounts set balance = balance + 1 where purpose = 'held'", "its transfers sum to"},
		{"AmountOfSealedTransfer", "update ledger_transfers set amount = amount + 1 where id = 2", "history was edited"},
		{"ReferenceOfSealedTransfer", "update ledger_transfers set reference = 'x' where id = 2", "history was edited"},
		{"TimeOfSealedTransfer", "update ledger_transfers set at = at + interval '1 second' where id = 2", "history was edited"},
		{"AmountOfUnsealedTransfer", "update ledger_transfers set amount = amount + 1 where id = 4", "by the transfers before it"},
		{"SealedTransferRemoved", "delete from ledger_transfers where id = 3", "covers 3 transfers, the books have 2"},
		{"LastTransferRemoved", "delete from ledger_transfers where id = 4", "its transfers sum to"},
		{"SealRemoved", "delete from ledger_seals where seq = 1", "does not follow"},
		{"SealReplaced", "update ledger_seals set hash = sha256('x') where seq = 1", "history was edited"},
		{"AccountRemoved", "delete from ledger_accounts where purpose = 'external'", "does not exist"},
		{"CurrencyOfAccount", "update ledger_accounts set currency = 'EUR' where purpose = 'held'", "goes from"},
		{"FloorTakenAway", "update ledger_accounts set floor = null where purpose = 'held'", "has not the floor"},
		{"PairedEdit", `update ledger_accounts set balance = balance - 1 where purpose = 'available';
			update ledger_accounts set balance = balance + 1 where purpose = 'external'`, "its transfers sum to"},
		{"HeldWithoutOrder", "delete from orders", "open orders reserve 0"},
		{"OrderWithoutHold", "insert into orders values ('live', 'b', 'USDT', 5)", "does not exist, open orders reserve 5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			l := unguarded(t, db)
			if _, err := db.Exec(t.Context(), `create table orders (mode text, owner text, currency text, amount bigint);
				insert into orders values ('live', 'a', 'USDT', 3000000)`); err != nil {
				t.Fatal(err)
			}
			topUp(t, l, "a", "10")
			for _, reference := range []string{"1", "2", "3"} {
				if reference == "3" {
					if n, err := l.Seal(t.Context()); n != 3 || err != nil {
						t.Fatalf("sealed %d, %v", n, err)
					}
				}
				if _, err := l.Post(t.Context(), hold(reference, "a", "1")); err != nil {
					t.Fatal(err)
				}
			}
			if tc.name == "SealRemoved" { // needs a second seal that follows it
				if _, err := l.Seal(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			spoil(t, db, tc.damage)
			report, err := l.Verify(t.Context(), []ledger.Obligation{
				{Purpose: ledger.PurposeHeld, SQL: "select mode, owner, currency, amount from orders"},
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			found := strings.Join(report.Problems, "\n")
			if report.Clean != (tc.want == "") || !strings.Contains(found, tc.want) {
				t.Errorf("clean %v, found:\n%s\nwant %q", report.Clean, found, tc.want)
			}
		})
	}
}

func spoil(t testing.TB, db *pgxpool.Pool, damage string) {
	t.Helper()
	_, err := db.Exec(t.Context(), `set session_replication_role = replica; `+damage+`; reset session_replication_role`)
	if err != nil {
		t.Fatal(err)
	}
}

// Sealing while four writers post leaves no transfer out of the chain, and
// two sealers do not get in each other's way.
func TestSealingWhilePosting(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.MaxConns(10))
	ledgers := []*ledger.Ledger{ledgertest.New(t, db), ledgertest.New(t, db)}
	topUp(t, ledgers[0], "a", "1000")
	posting, posted := context.WithCancel(context.Background())
	var writers, sealers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 100 {
				if _, err := ledgers[w%2].Post(context.Background(), hold(fmt.Sprint(w, ":", i), "a", "0.01")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, l := range ledgers {
		sealers.Go(func() {
			for posting.Err() == nil {
				if _, err := l.Seal(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	posted()
	sealers.Wait()
	if _, err := ledgers[0].Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := ledgers[1].Verify(t.Context(), nil, nil)
	if err != nil || !report.Clean || report.Unsealed != 0 || report.Transfers != 401 {
		t.Errorf("%+v, %v; want 401 transfers, all sealed", report, err)
	}
}

func TestStatementAndTransfers(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t, pgtest.New(t))
	topUp(t, l, "a", "10")
	for i := range 5 {
		if _, err := l.Post(t.Context(), hold(fmt.Sprint("h", i), "a", "1")); err != nil {
			t.Fatal(err)
		}
	}
	accounts, err := l.Accounts(t.Context(), ledger.AccountFilter{Owner: "a", Purpose: ledger.PurposeAvailable}, 0, 10)
	if err != nil || len(accounts) != 1 {
		t.Fatalf("%v, %v", accounts, err)
	}
	page, err := l.Statement(t.Context(), accounts[0].ID, ledger.Period{}, 0, 4)
	if err != nil || len(page) != 4 || page[0].Balance.String() != "5.000000" || page[0].Amount.String() != "-1.000000" {
		t.Fatalf("first page %+v, %v", page, err)
	}
	rest, err := l.Statement(t.Context(), accounts[0].ID, ledger.Period{}, page[3].TransferID, 4)
	if err != nil || len(rest) != 2 || rest[1].Balance.String() != "10.000000" || rest[1].Counterparty.Owner != ledger.House {
		t.Fatalf("second page %+v, %v", rest, err)
	}
	if _, err := l.Statement(t.Context(), 1<<40, ledger.Period{}, 0, 4); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("statement of no account: %v", err)
	}
	transfers, err := l.TransfersByReference(t.Context(), "h3", "nothing", "h1")
	if err != nil || len(transfers) != 2 || transfers[0].Reference != "h1" {
		t.Fatalf("%+v, %v", transfers, err)
	}
	one, err := l.Transfer(t.Context(), transfers[0].ID)
	if err != nil || one.From.Purpose != ledger.PurposeAvailable || one.Amount.String() != "1.000000" {
		t.Errorf("%+v, %v", one, err)
	}
}
