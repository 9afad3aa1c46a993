/// How a pool works. Durations are in milliseconds.
package struct PoolSettings {
  package var connections = 4
  /// 0: as many as the server takes.
  package var messagesPerConnection = 0
  package var idleTime: Int64 = 30_000
  /// Between connections after failures: the first wait, and the longest.
  package var firstBackoff: Int64 = 1_000
  package var longestBackoff: Int64 = 60_000
  /// Connections in a row that may fail.
  package var failures = 3
  /// Of a message, in all.
  package var tries = 5
  /// Before the second try; doubled for each further one.
  package var tryDelay: Int64 = 1_000
  /// No try begins later than this after the first.
  package var tryTime: Int64 = 60_000
  /// Messages that have not ended; 0: no limit.
  package var queueLimit = 0

  package init() {}
}
