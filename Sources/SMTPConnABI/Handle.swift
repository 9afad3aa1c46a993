/// Swift objects as the opaque pointers of the header: the only place that
/// converts between the two.
///
/// A handle that C owns keeps one reference. A pointer passed to a callback is a
/// view without one, valid as long as another reference keeps the object.
enum Handle<Object: AnyObject> {
  static func make(_ object: Object) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  static func view(_ object: Object) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passUnretained(object).toOpaque())
  }

  /// The object keeps alive for as long as the caller holds the result, so it
  /// may be freed from inside a callback.
  static func borrow(_ pointer: OpaquePointer?) -> Object? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  static func release(_ pointer: OpaquePointer?) {
    guard let pointer = unsafe pointer else { return }
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}
