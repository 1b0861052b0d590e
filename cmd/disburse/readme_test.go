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
	dev := startDev(t, t.TempDir())
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	section, _, found := strings.Cut(string(readme), "\n## For merchants")
	if !found {
		t.Fatal("the README has no section For merchants")
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(blocks) < 6 || blocks[0][1] != "make dev\n" {
		t.Fatalf("the README's first section has %d blocks of shell lines", len(blocks))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e\n"
	for _, block := range blocks[1:] {
		lines := strings.ReplaceAll(block[1], ". .dev/env", ". '"+dev.instance.EnvFile()+"'")
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
	outputs := strings.Split(string(answers), "## block\n")
	for i, want := range []string{
		`"ok":true`,                      // created
		`"status":"expectation"`,         // its status
		`"status":"successful"`,          // paid
		`"webhook_signature_valid":true`, // the callback
		"clean",                          // the books
	} {
		if len(outputs) < i+2 || !strings.Contains(strings.ReplaceAll(outputs[i+1], ": ", ":"), want) {
			t.Fatalf("block %d did not answer %s; all answers:\n%s", i+2, want, answers)
		}
	}
	if !strings.Contains(outputs[4], `"standart_sign_valid":true`) {
		t.Errorf("the legacy signature of the callback does not verify:\n%s", outputs[4])
	}
	dev.interrupt()
}

// waitForCallback gives the callback the moment that a reader takes to paste
// the next line.
const waitForCallback = `for i in $(seq 100); do
curl -sS "$RECEIVER_URL/received?order_id=$ORDER" | grep -q webhook && break; sleep 0.1; done
`
