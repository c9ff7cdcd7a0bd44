package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;

class FakeKeyStoreTest implements KeyStoreContract {

  private final FakeKeyStore store = new FakeKeyStore();

  @Override
  public KeyStore store() {
    return store;
  }

  @Override
  public EnvironmentId newEnvironment() {
    return store.environment();
  }

  @Override
  public SdkCaller newKey(EnvironmentId environment, String key, SdkCaller.Kind kind) {
    return store.key(environment, key, kind);
  }

  @Override
  public void revoke(SdkCaller caller) {
    store.revoke(caller);
  }

  @Override
  public void delete(EnvironmentId environment) {
    store.delete(environment);
  }
}
