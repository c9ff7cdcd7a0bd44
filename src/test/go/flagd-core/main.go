// flagd's engine for Go, which flagd itself and its provider for Go have. Reads one JSON object a line, {set, asks: [{flag, type, context}]},
// and answers each with one: {modes: [[{variant, value} or {error}, one for each ask]]}. Ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/open-feature/flagd/core/pkg/evaluator"
	"github.com/open-feature/flagd/core/pkg/logger"
	"github.com/open-feature/flagd/core/pkg/store"
	"github.com/open-feature/flagd/core/pkg/sync"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

const source = "stitchd"

type ask struct {
	Flag    string         `json:"flag"`
	Type    string         `json:"type"`
	Context map[string]any `json:"context"`
}

type told struct {
	Set  string `json:"set"`
	Asks []ask  `json:"asks"`
}

type answer struct {
	Variant string `json:"variant,omitempty"`
	Value   any    `json:"value"`
	Error   string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var one told
		if err := json.Unmarshal(line, &one); err != nil {
			panic(err)
		}
		if err := out.Encode(map[string]any{"modes": [][]answer{answers(one)}}); err != nil {
			panic(err)
		}
	}
}

func answers(one told) []answer {
	core, lines := observer.New(zapcore.ErrorLevel) // the engine's errors are codes; what it means it logs
	noted := logger.NewLogger(zap.New(core), true)
	flags, err := store.NewStore(noted, []string{source})
	if err != nil {
		panic(err)
	}
	engine := evaluator.NewJSON(noted, flags)
	if err := engine.SetState(sync.DataSync{FlagData: one.Set, Source: source}); err != nil {
		panic(err)
	}
	all := make([]answer, 0, len(one.Asks))
	for _, question := range one.Asks {
		given := resolve(engine, question)
		for _, line := range lines.TakeAll() {
			if given.Error != "" {
				given.Error = strings.Join([]string{given.Error, line.Message}, ": ")
			}
		}
		all = append(all, given)
	}
	return all
}

func resolve(engine *evaluator.JSON, question ask) answer {
	var value any
	var variant string
	var err error
	about := context.Background()
	flag, given := question.Flag, question.Context
	switch question.Type {
	case "boolean":
		value, variant, _, _, err = engine.ResolveBooleanValue(about, "", flag, given)
	case "string":
		value, variant, _, _, err = engine.ResolveStringValue(about, "", flag, given)
	case "integer":
		value, variant, _, _, err = engine.ResolveIntValue(about, "", flag, given)
	case "number":
		value, variant, _, _, err = engine.ResolveFloatValue(about, "", flag, given)
	default:
		value, variant, _, _, err = engine.ResolveObjectValue(about, "", flag, given)
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Variant: variant, Value: value}
}
