package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The lines of the README's first section, pasted into a shell one block after
// the other, do what it says. Only what differs on a test's instance is
// replaced: the data directory and the way to run the program.
func TestReadmeLinesWorkWhenPasted(t *testing.T) {
	t.Parallel()
	blocks := readmeBlocks(t, "", "## For merchants")
	if len(blocks) < 6 || blocks[0] != "make dev\n" {
		t.Fatalf("the README's first section has %d blocks of shell lines", len(blocks))
	}
	dev := startDev(t, t.TempDir())
	outputs := paste(t, dev, blocks[1:], []string{
		`"ok":true`,                      // created
		`"status":"expectation"`,         // its status
		`"status":"successful"`,          // paid
		`"webhook_signature_valid":true`, // the callback
		"clean",                          // the books
	})
	if !strings.Contains(outputs[3], `"standart_sign_valid":true`) {
		t.Errorf("the legacy signature of the callback does not verify:\n%s", outputs[3])
	}
	dev.interrupt()
}

// So do those for end users' apps, also when they are pasted once more.
func TestReadmeLinesForEndUsersWorkWhenPasted(t *testing.T) {
	t.Parallel()
	blocks := readmeBlocks(t, "## For end users' apps", "### Virtual cards")
	dev := startDev(t, t.TempDir())
	want := func(annaHas, veraHas string) []string {
		return []string{
			`"available":` + annaHas,
			`"status":"pending"`,
			`"status":"completed"`,
			`"message":"In a minute."`,
			`"phone":"79161234567"`,
			`"available":` + veraHas,
		}
	}
	outputs := paste(t, dev, blocks, want("500000", "550000"))
	for i, also := range [][]string{
		{`"held":0`}, {`"card_number":"4276345439581234"`}, {`"claimed_by":"operator:`}, {`"type":"card_order_hold"`, `"amount_kopecks":-15000`},
		{`"frozen_balance":50000`}, {`"success":true`},
	} {
		for _, part := range also {
			if !strings.Contains(outputs[i], part) {
				t.Errorf("block %d does not answer %s:\n%s", i+1, part, outputs[i])
			}
		}
	}
	paste(t, dev, blocks, want("485000", "600000"))
	for _, output := range outputs {
		if strings.Contains(output, `"error"`) {
			t.Errorf("a line was refused:\n%s", output)
		}
	}
	dev.interrupt()
}

// And those of virtual cards and for game providers; the word that calls as a
// user comes from the section before.
func TestReadmeLinesForCardsAndGamesWorkWhenPasted(t *testing.T) {
	t.Parallel()
	blocks := append(readmeBlocks(t, "## For end users' apps", "### Virtual cards")[:1], readmeBlocks(t, "### Virtual cards", "## For operators")...)
	dev := startDev(t, t.TempDir())
	outputs := paste(t, dev, blocks, []string{
		`"available":500000`,
		`"message":"Please wait 15 minutes between withdrawals"`,
		`{"balance":5000.00,"currency":"RUB"}`,
		`{"balance":5025.50,"currency":"RUB"}`,
		` 0 failed`,
	})
	for at, parts := range map[int][]string{
		1: {`"wallet_balance":110`, `"new_card_balance":90`, `"amount_withdrawn":10`, `"totalPages":1`},
		3: {`{"balance":4950.00,"currency":"RUB"}` + "\n" + `{"balance":4950.00,"currency":"RUB"}`, `{"balance":4930.00,`, `{"balance":4950.00,`},
	} {
		for _, part := range parts {
			if !strings.Contains(outputs[at], part) {
				t.Errorf("block %d does not answer %s:\n%s", at+1, part, outputs[at])
			}
		}
	}
	dev.interrupt()
}

// readmeBlocks are the blocks of shell lines between two headings of the README.
func readmeBlocks(t *testing.T, from, to string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, begins := strings.Cut(string(readme), from)
	section, _, ends := strings.Cut(section, "\n"+to)
	if !begins || !ends {
		t.Fatalf("the README has no section between %q and %q", from, to)
	}
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// paste runs blocks of lines in one shell, one after the other, and wants each
// to answer what is given for it. Spaces after colons do not count.
func paste(t *testing.T, dev *devProcess, blocks, want []string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e\n"
	for _, block := range blocks {
		lines := strings.ReplaceAll(block, ".dev/", dev.instance.DataDir+"/")
		lines = strings.ReplaceAll(lines, "go run ./cmd/disburse", "program")
		if strings.Contains(lines, "/received?") {
			lines = waitForCallback + lines
		}
		script += "echo; echo '## block'\n" + lines
	}
	shell := exec.Command("bash", "-c", "program() { "+asDev+"=1 '"+self+"' \"$@\"; }\n"+script)
	if _, err := shell.StdinPipe(); err != nil { // the program ends with its input: hold it open
		t.Fatal(err)
	}
	answers, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, answers)
	}
	outputs := strings.Split(strings.ReplaceAll(string(answers), ": ", ":"), "## block\n")[1:]
	for i, text := range want {
		if len(outputs) != len(want) || !strings.Contains(outputs[i], text) {
			t.Fatalf("block %d of %d did not answer %s; all answers:\n%s", i+1, len(outputs), text, answers)
		}
	}
	return outputs
}

// waitForCallback gives the callback the moment that a reader takes to paste
// the next line.
const waitForCallback = `for i in $(seq 100); do
curl -sS "$RECEIVER_URL/received?order_id=$ORDER" | grep -q webhook && break; sleep 0.1; done
`
