package browser_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// programs are the names that Chromium and its kin are installed by.
var programs = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

var errNoChromium = errors.New("there is no Chromium: run `make browser`, or install the package chromium (Debian), google-chrome or chromium")

func findChromium() (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

// ending is what is to be stopped when all tests are done, the last first.
type ending struct {
	mu    sync.Mutex
	stops []func() error
}

func (e *ending) add(stop func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stops = append(e.stops, stop)
}

func (e *ending) run() (err error) {
	for i := len(e.stops) - 1; i >= 0; i-- {
		err = errors.Join(err, e.stops[i]())
	}
	return err
}

var atTheEnd ending

// TestMain closes the browser and the gateway that the tests share.
func TestMain(m *testing.M) {
	status := m.Run()
	if err := atTheEnd.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// theBrowser is one Chromium for all tests, started by the first of them.
var theBrowser = sync.OnceValues(func() (context.Context, error) {
	program, err := findChromium()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "disburse-browser")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(filepath.Join(home, "profile")),
		chromedp.WindowSize(1440, 900),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root with one
	}
	allocated, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated)
	atTheEnd.add(func() error {
		err := chromedp.Cancel(ctx)
		cancel()
		release()
		return errors.Join(err, os.RemoveAll(home))
	})
	return ctx, chromedp.Do(ctx)
})
