package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"disburse/callbacks"
	"disburse/gateway/audit"
	"disburse/gateway/operator"
)

func TestCallbacksAreFilteredAndShown(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	acme, other := s.merchant("acme", "1.00"), s.merchant("other", "1.00")
	s.stage("evt_1", acme.ID, "order-1", `{"standart_sign":"`+hash+`","order_id":"order-1","number_card":"5536914080004004"}`)
	s.stage("evt_2", other.ID, "order-2", `{}`)
	s.kill("evt_2")
	s.exec(`insert into callback_attempts (event_id, number, started_at, duration_us, outcome, status, error, response)
		values ('evt_1', 1, now(), 12000, 'refused', 503, '', '<b>busy</b>')`)
	c := s.clerk(operator.RoleViewer)

	holds(t, c.read("/callbacks"), "order-2", "dead", "other", "order-1", "pending", "acme")
	for filter, want := range map[string]string{
		"state=dead": "order-2", "state=pending": "order-1", "merchant=acme": "order-1", "merchant=" + other.ID: "order-2",
		"order_id=order-2": "order-2", "payout_id=po_order-1": "order-1",
	} {
		text := c.read("/callbacks?" + filter)
		absent := map[string]string{"order-1": "order-2", "order-2": "order-1"}[want]
		holds(t, text, ">"+want+"</a>")
		lacks(t, text, ">"+absent+"</a>")
	}
	if p := c.get("/callbacks?merchant=nobody"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a merchant that is none: status %d", p.status)
	}
	t.Run("DetailMasksWhatIsSent", func(t *testing.T) {
		text := c.read("/callbacks/evt_1")
		holds(t, text, "order-1", "POST https://shop.example/done", "webhook-id: evt_1", "[masked]4004", "12 ms", "refused", "503", "&lt;b&gt;busy&lt;/b&gt;")
		lacks(t, text, hash, "5536914080004004", "<b>busy</b>", "Send again")
	})
	t.Run("ErrNotFound", func(t *testing.T) {
		if p := c.get("/callbacks/evt_9"); p.status != http.StatusNotFound {
			t.Errorf("status %d", p.status)
		}
	})
	t.Run("LivePart", func(t *testing.T) {
		lacks(t, c.read("/callbacks", "Hx-Request", "true"), "<html", "<h1>")
	})
}

const hash = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"

func TestCallbackIsSentAgain(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "1.00")
	s.stage("evt_1", m.ID, "order-1", `{}`)
	s.kill("evt_1")
	t.Run("ErrForbiddenToViewers", func(t *testing.T) {
		if p := s.clerk(operator.RoleViewer).post("/callbacks/evt_1/resend"); p.status != http.StatusForbidden || s.stateOf("evt_1") != callbacks.Dead {
			t.Errorf("status %d, the callback is %s", p.status, s.stateOf("evt_1"))
		}
	})
	c := s.clerk(operator.RoleOperator)
	if p := c.post("/callbacks/evt_1/resend"); p.status != http.StatusSeeOther || p.where != "/callbacks/evt_1" {
		t.Errorf("status %d, sent to %q", p.status, p.where)
	}
	if got := s.stateOf("evt_1"); got != callbacks.Pending {
		t.Errorf("the callback is %s", got)
	}
	trail, err := audit.List(t.Context(), s.app.DB, audit.Filter{Action: "callback.resend"})
	s.must(err)
	if len(trail.Items) != 1 || trail.Items[0].Actor.Name != c.email || trail.Items[0].SubjectID != "evt_1" {
		t.Errorf("trail %+v", trail.Items)
	}
	if p := c.post("/callbacks/evt_9/resend"); p.status != http.StatusNotFound {
		t.Errorf("one that is none: status %d", p.status)
	}
}

func TestDeadLettersAreSentAgainTogether(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	acme, other := s.merchant("acme", "1.00"), s.merchant("other", "1.00")
	for id, m := range map[string]string{"evt_1": acme.ID, "evt_2": acme.ID, "evt_3": other.ID} {
		s.stage(id, m, "order-"+id, `{}`)
		s.kill(id)
	}
	t.Run("ErrForbiddenToViewers", func(t *testing.T) {
		viewer := s.clerk(operator.RoleViewer)
		lacks(t, viewer.read("/callbacks?state=dead"), "Send all of these again")
		for status, p := range map[string]paper{"seen": viewer.get("/callbacks/resend"), "sent": viewer.post("/callbacks/resend", "count", "3")} {
			if p.status != http.StatusForbidden || s.stateOf("evt_1") != callbacks.Dead {
				t.Errorf("%s: status %d, the callback is %s", status, p.status, s.stateOf("evt_1"))
			}
		}
	})
	c := s.clerk(operator.RoleOperator)
	holds(t, c.read("/callbacks?state=dead&merchant=acme"), `href="/console/callbacks/resend?merchant=acme&amp;state=dead"`, "Send all of these again")
	lacks(t, c.read("/callbacks"), "Send all of these again")
	text := c.read("/callbacks/resend?merchant=acme")
	holds(t, text, ">acme</a>", "Send 2 callbacks again?", "The oldest was made", `name="count" value="2"`)
	holds(t, c.read("/callbacks/resend"), "all merchants", "Send 3 callbacks again?")
	for name, form := range map[string][]string{"WithoutACount": nil, "OfNone": {"count", "0"}} {
		if p := c.post("/callbacks/resend", form...); p.status != http.StatusUnprocessableEntity || s.stateOf("evt_3") != callbacks.Dead {
			t.Errorf("%s: status %d", name, p.status)
		}
	}
	const at = "/callbacks/resend?merchant=acme"
	t.Run("NoMoreThanWasSaid", func(t *testing.T) {
		c.post(at, "count", "1").wants(t, http.StatusSeeOther, at)
		holds(t, c.read(at), "Send 1 callbacks again?")
	})
	for range 2 { // pressed twice
		c.post(at, "count", "2").wants(t, http.StatusSeeOther, at)
	}
	for id, want := range map[string]callbacks.State{"evt_1": callbacks.Pending, "evt_2": callbacks.Pending, "evt_3": callbacks.Dead} {
		if got := s.stateOf(id); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	holds(t, c.read(at), "nothing is left to send again", "2 wait for another attempt.")
	trail, err := audit.List(t.Context(), s.app.DB, audit.Filter{Action: "callback.resend_many"})
	s.must(err)
	if len(trail.Items) != 2 || trail.Items[0].Actor.Name != c.email || !strings.Contains(string(trail.Items[0].After), acme.ID) {
		t.Errorf("trail %+v", trail.Items)
	}
}

func TestTrailIsFiltered(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	m := s.merchant("acme", "1.00")
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/audit"), "merchant.create", m.ID, "/console/merchants/"+m.ID, "fields:")
	for filter, want := range map[string]string{
		"action=merchant.topup": "merchant.topup", "subject=merchant&subject_id=" + m.ID: "merchant.topup", "actor=" + c.email: "session.begin",
	} {
		holds(t, c.read("/audit?"+filter), "<tbody>", want)
	}
	lacks(t, c.read("/audit?action=merchant.topup"), ">merchant.create<")
	lacks(t, c.read("/audit?actor="+c.email), ">merchant.create<")
	holds(t, c.read("/audit?to=2020-01-01"), "Nobody has done that.")
	for _, wrong := range []string{"cursor=!", "from=never"} {
		if p := c.get("/audit?" + wrong); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", wrong, p.status)
		}
	}
}

func TestQueuesAreSeenAndNotChanged(t *testing.T) {
	t.Parallel()
	s := standOfBooks(t)
	c := s.clerk(operator.RoleViewer)
	holds(t, c.read("/queues"), "No queue has held a task yet.", "No worker runs")
	client := asynq.NewClientFromRedisClient(s.redis)
	_, err := client.Enqueue(asynq.NewTask("callbacks:deliver", []byte("secret payload")), asynq.Queue(callbacks.QueueRetry), asynq.TaskID("evt_1:1"))
	s.must(err)
	holds(t, c.read("/queues"), callbacks.QueueRetry, `pending tasks">1<`)
	text := c.read("/queues/" + callbacks.QueueRetry + "?state=pending")
	holds(t, text, "pending tasks: 1", "evt_1:1", "callbacks:deliver")
	lacks(t, text, "secret payload")
	holds(t, c.read("/queues/"+callbacks.QueueRetry), "active tasks: 0", "No task is in this state.")
	holds(t, c.read("/queues/"+callbacks.QueueRetry+"/days"), `"series"`, `"processed"`)
	for _, path := range []string{"/queues/nothing", "/queues/nothing/days"} {
		if p := c.get(path); p.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, p.status)
		}
	}
}

func TestQueuesWithoutRedis(t *testing.T) {
	t.Parallel()
	s := standOn(t, "redis://127.0.0.1:1/0")
	c := s.clerk(operator.RoleViewer)
	text := c.read("/queues")
	holds(t, text, "Redis does not answer", "callbacks pending in the database")
	lacks(t, text, "No worker runs")
	if p := c.get("/queues/" + callbacks.QueueFirst); p.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", p.status)
	}
}
