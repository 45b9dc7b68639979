// Command collector is the OTLP receiver of the OpenTelemetry Collector by itself. It listens at
// the address that is its argument, says so, and prints what it takes as lines of JSON, until it is
// killed.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string) error {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	settings := map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": address}}}
	if err := confmap.NewFromStringMap(settings).Unmarshal(config); err != nil {
		return err
	}
	var out printer
	traces, err1 := consumer.NewTraces(func(_ context.Context, t ptrace.Traces) error {
		line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(t)
		return errors.Join(err, out.print(line))
	})
	metrics, err2 := consumer.NewMetrics(func(_ context.Context, m pmetric.Metrics) error {
		line, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(m)
		return errors.Join(err, out.print(line))
	})
	set := receivertest.NewNopSettings(factory.Type())
	spans, err3 := factory.CreateTraces(ctx, set, config, traces)
	points, err4 := factory.CreateMetrics(ctx, set, config, metrics) // the same server
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	host := componenttest.NewNopHost()
	if err := errors.Join(spans.Start(ctx, host), points.Start(ctx, host)); err != nil {
		return err
	}
	if err := out.print([]byte("listening")); err != nil {
		return err
	}
	select {}
}

// printer writes lines. It is safe for concurrent use.
type printer struct{ mu sync.Mutex }

func (p *printer) print(line []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := os.Stdout.Write(append(line, '\n'))
	return err
}
