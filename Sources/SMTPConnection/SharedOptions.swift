/// The options of one connection, for all of its owners.
final class SharedOptions {
  private(set) var values: Options

  init(_ values: Options) { self.values = values }

  /// Lets go of what the caller gave, which may call its release functions: those find
  /// the options empty.
  func release() {
    let kept = values
    values = Options()
    withExtendedLifetime(kept) {}
  }
}
