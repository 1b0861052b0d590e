package payout

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"disburse/gateway/audit"
	"disburse/gateway/fault"
	"disburse/gateway/publicid"
	"disburse/gateway/vault"
)

// ReceiptPrefix is the prefix of the ids of receipts, ReceiptPath where they
// are served, under the public URL: ReceiptPath + id + "?expires=...&token=...".
const (
	ReceiptPrefix = "rcp"
	ReceiptPath   = "/receipts/"
)

// MaxReceipt is the size of the largest receipt, in bytes.
const MaxReceipt = 5 << 20

// linkLife is how long a link to a receipt works. A callback may be read long
// after it was made; a status call makes new links each time.
const linkLife = 30 * 24 * time.Hour

// maxReceipts is how many receipts one payout may have.
const maxReceipts = 10

// Receipt is an uploaded receipt without its content.
type Receipt struct {
	ID          string    `db:"id"`
	ContentType string    `db:"content_type"`
	Size        int64     `db:"size"`
	UploadedBy  string    `db:"uploaded_by"`
	UploadedAt  time.Time `db:"uploaded_at"`
	URL         string    `db:"-"` // signed, works for 30 days
}

// ReceiptFile is a receipt to be served, as an attachment.
type ReceiptFile struct {
	ContentType string
	Name        string // with the extension of its type
	Content     []byte
}

// extensions are the types that are taken.
var extensions = map[string]string{"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}

// AddReceipt stores a receipt of a payout that the actor holds; completing the
// payout tells the merchant its link. The type is sniffed from the content.
// Faults: too_large, unsupported_receipt, too_many_receipts, not_found,
// already_final, claim_required, claimed_by_other, lease_expired, unavailable.
func (s *Service) AddReceipt(ctx context.Context, id string, content []byte) (Receipt, error) {
	if len(content) > MaxReceipt {
		return Receipt{}, ErrReceiptTooLarge
	}
	kind, ok := sniff(content)
	if !ok {
		return Receipt{}, ErrReceiptType
	}
	p, err := s.byID(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	now, by := s.now(), Claimant(ctx)
	if err := p.refuseClaimant(by, now); err != nil {
		return Receipt{}, err
	}
	r := Receipt{ID: publicid.At(ReceiptPrefix, now), ContentType: kind, Size: int64(len(content)), UploadedBy: by, UploadedAt: now}
	err = s.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertReceipt, r.ID, p.ID, r.ContentType, content, by, now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return ErrLeaseExpired // between the look and the change
		}
		// The payout's row is locked by now, so the count is exact.
		var count int
		if err := tx.QueryRow(ctx, countReceipts, p.ID).Scan(&count); err != nil {
			return err
		}
		if count > maxReceipts {
			return ErrReceiptCount
		}
		if err := writeEvents(ctx, tx, event{p.ID, now, "receipt", by, r.ID}); err != nil {
			return err
		}
		record := audit.Of(ctx, now, "payout.receipt", "payout", p.ID)
		record.After = map[string]any{"receipt": r.ID, "content_type": r.ContentType, "size": r.Size}
		return audit.Write(ctx, tx, record)
	})
	if err == nil {
		r.URL, err = s.receiptURL(r.ID)
	}
	return r, wrapped(err, "add receipt")
}

// wrapped passes faults on and says what another error came from.
func wrapped(err error, doing string) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fmt.Errorf("payout: %s: %w", doing, err)
}

// sniff tells the type from the content: what a browser would take it for, and
// what it says itself in its first bytes.
func sniff(content []byte) (string, bool) {
	kind := http.DetectContentType(content)
	_, taken := extensions[kind]
	return kind, taken
}

// Receipts lists the receipts of a payout with fresh links.
func (s *Service) Receipts(ctx context.Context, id string) ([]Receipt, error) {
	rows, err := s.d.DB.Query(ctx, selectReceiptIDs, id)
	if err != nil {
		return nil, fmt.Errorf("payout: receipts: %w", err)
	}
	receipts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Receipt])
	if err != nil {
		return nil, fmt.Errorf("payout: receipts: %w", err)
	}
	for i := range receipts {
		if receipts[i].URL, err = s.receiptURL(receipts[i].ID); err != nil {
			return nil, err
		}
	}
	return receipts, nil
}

// OpenReceipt serves a link: the id of its path and the two values of its
// query. A wrong, altered or expired link is not_found.
func (s *Service) OpenReceipt(ctx context.Context, id, expires, token string) (ReceiptFile, error) {
	until, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || !publicid.Valid(ReceiptPrefix, id) || s.now().Unix() > until || !s.linkHolds(id, expires, token) {
		return ReceiptFile{}, ErrReceiptNotFound
	}
	var f ReceiptFile
	err = s.d.DB.QueryRow(ctx, selectReceipt, id).Scan(&f.ContentType, &f.Content)
	if errors.Is(err, pgx.ErrNoRows) {
		return ReceiptFile{}, ErrReceiptNotFound
	}
	if err != nil {
		return ReceiptFile{}, fmt.Errorf("payout: receipt: %w", err)
	}
	f.Name = id + extensions[f.ContentType]
	return f, nil
}

// A link is signed by sealing nothing: the box then is an authentication code
// over the additional data, the id and the expiry, under a named key that is
// rotated with all others.
func linkAAD(id, expires string) string { return "payout_receipts.link:" + id + ":" + expires }

func (s *Service) receiptURL(id string) (string, error) {
	expires := strconv.FormatInt(s.now().Add(linkLife).Unix(), 10)
	code, err := s.d.Vault.Seal(linkAAD(id, expires), nil)
	if err != nil {
		return "", fmt.Errorf("payout: sign link: %w", err)
	}
	query := url.Values{"expires": {expires}, "token": {code.Key + "." + base64.RawURLEncoding.EncodeToString(code.Box)}}
	return s.d.PublicURL + ReceiptPath + id + "?" + query.Encode(), nil
}

func (s *Service) linkHolds(id, expires, token string) bool {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return false
	}
	box, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil {
		return false
	}
	plain, err := s.d.Vault.Open(linkAAD(id, expires), vault.Sealed{Key: token[:at], Box: box})
	return err == nil && len(plain) == 0
}

// withUploads is what a payout's cheques are when it completes: the given
// addresses, and the ids of what was uploaded. A given address that is a link to
// an upload is the upload itself.
func (s *Service) withUploads(ctx context.Context, id string, given []string) ([]string, error) {
	uploads, err := s.Receipts(ctx, id)
	if err != nil {
		return nil, err
	}
	cheques := make([]string, 0, len(given)+len(uploads))
	for _, target := range given {
		if !strings.HasPrefix(target, s.d.PublicURL+ReceiptPath) && !slices.Contains(cheques, target) {
			cheques = append(cheques, target)
		}
	}
	for _, r := range uploads {
		cheques = append(cheques, r.ID)
	}
	return cheques, nil
}

// chequeURLs turns stored cheques into addresses, signing those of uploads.
func (s *Service) chequeURLs(cheques []string) ([]string, error) {
	var out []string
	for _, c := range cheques {
		if publicid.Valid(ReceiptPrefix, c) {
			var err error
			if c, err = s.receiptURL(c); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// judgeChequeURL says what is wrong with the address of a receipt elsewhere.
// The gateway never opens it, so it may lead anywhere.
func judgeChequeURL(target string) string {
	u, err := url.Parse(target)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.User != nil,
		strings.ContainsFunc(target, func(r rune) bool { return unfit(r) || r == ' ' }):
		return "must be absolute http or https addresses without user information"
	case len(target) > maxURL:
		return "must have at most 512 characters each"
	default:
		return ""
	}
}
