// The real OpenFeature provider for flagd, or for OFREP, told on standard output what it does, one JSON object a line. What it is asked
// comes on standard input in the same form: {"flag":"a","type":"boolean"}. Ends with its input.
//
// flagd in-process <port> <SDK key>
// flagd rpc <port> <SDK key>
// flagd ofrep <URL> <SDK key>
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"sync"

	flagd "github.com/open-feature/go-sdk-contrib/providers/flagd/pkg"
	"github.com/open-feature/go-sdk-contrib/providers/ofrep"
	"github.com/open-feature/go-sdk/openfeature"
)

type question struct {
	Flag string `json:"flag"`
	Type string `json:"type"`
}

var lock sync.Mutex

func say(what map[string]any) {
	lock.Lock()
	defer lock.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(what); err != nil {
		panic(err)
	}
}

func main() {
	for _, event := range []openfeature.EventType{
		openfeature.ProviderReady, openfeature.ProviderConfigChange, openfeature.ProviderStale, openfeature.ProviderError,
	} {
		heard := func(details openfeature.EventDetails) {
			flags := details.FlagChanges
			if flags == nil {
				flags = []string{}
			}
			say(map[string]any{"event": event, "flags": flags})
		}
		openfeature.AddHandler(event, &heard)
	}
	connect(os.Args[1], os.Args[2], os.Args[3])
	client := openfeature.NewDefaultClient()
	user := openfeature.NewEvaluationContext("u1", map[string]any{"plan": "pro"})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		answer(client, user, asked)
	}
}

func connect(mode, at, key string) {
	var provider openfeature.FeatureProvider
	var err error
	switch mode {
	case "ofrep":
		provider = ofrep.NewProvider(at, ofrep.WithBearerToken(key))
	case "rpc":
		provider, err = rpc(at, key)
	default:
		provider, err = inProcess(at, key)
	}
	if err == nil {
		err = openfeature.SetProviderAndWait(provider)
	}
	if err != nil {
		say(map[string]any{"ready": false, "why": err.Error()})
		return
	}
	say(map[string]any{"ready": true})
}

func number(port string) uint16 {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		panic(err)
	}
	return uint16(number)
}

func rpc(port, key string) (openfeature.FeatureProvider, error) {
	return flagd.NewProvider(
		flagd.WithRPCResolver(),
		flagd.WithHost("apiKey:"+key+"@127.0.0.1"), // nothing else of it is sent
		flagd.WithPort(number(port)),
		flagd.WithDeadline(5000),
	)
}

func inProcess(port, key string) (openfeature.FeatureProvider, error) {
	return flagd.NewProvider(
		flagd.WithInProcessResolver(),
		flagd.WithHost("127.0.0.1"),
		flagd.WithPort(number(port)),
		flagd.WithSelector("apiKey="+key),
		flagd.WithDeadline(5000),
		flagd.WithRetryBackoffMs(100),
		flagd.WithRetryBackoffMaxMs(500),
		flagd.WithRetryGracePeriod(0), // else what it keeps outlives an outage in which it missed a change
	)
}

func answer(client *openfeature.Client, user openfeature.EvaluationContext, asked question) {
	var value any
	var details openfeature.EvaluationDetails
	about := context.Background()
	switch asked.Type { // what is wrong is in the details too
	case "boolean":
		given, _ := client.BooleanValueDetails(about, asked.Flag, false, user)
		value, details = given.Value, given.EvaluationDetails
	case "string":
		given, _ := client.StringValueDetails(about, asked.Flag, "none", user)
		value, details = given.Value, given.EvaluationDetails
	case "integer":
		given, _ := client.IntValueDetails(about, asked.Flag, -1, user)
		value, details = given.Value, given.EvaluationDetails
	case "number":
		given, _ := client.FloatValueDetails(about, asked.Flag, -1, user)
		value, details = given.Value, given.EvaluationDetails
	default:
		given, _ := client.ObjectValueDetails(about, asked.Flag, map[string]any{}, user)
		value, details = given.Value, given.EvaluationDetails
	}
	say(map[string]any{
		"asked":     asked.Flag,
		"value":     value,
		"variant":   details.Variant,
		"reason":    details.Reason,
		"errorCode": details.ErrorCode,
	})
}
