module buf.build/gen/go/open-feature/flagd/connectrpc/go

go 1.24.0
