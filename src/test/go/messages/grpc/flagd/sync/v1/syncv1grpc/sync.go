// Package syncv1grpc has the client that flagd's provider expects here.
package syncv1grpc

import syncv1 "buf.build/gen/go/open-feature/flagd/protocolbuffers/go/flagd/sync/v1"

type (
	FlagSyncServiceClient           = syncv1.FlagSyncServiceClient
	FlagSyncService_SyncFlagsClient = syncv1.FlagSyncService_SyncFlagsClient
)

var NewFlagSyncServiceClient = syncv1.NewFlagSyncServiceClient
