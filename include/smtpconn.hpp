/*
 * smtpconn.hpp - smtpconn.h for C++17: objects that free themselves, lambdas, exceptions
 *
 * Everything is in this file and in smtpconn.h; link with libsmtpconn as in C.
 *
 *     smtp::Options options;
 *     options.set(smtpconn_options_set_host, "mail.example.org")
 *         .set(smtpconn_options_set_port, 587)
 *         .set(smtpconn_options_set_require_tls, true);
 *     smtp::Connection connection(options);
 *     connection.connect();
 *     connection.login(smtp::Auth("ann", password));
 *     smtp::Result result = connection.send({"ann@example.org", {"bob@example.com"}}, mail);
 *     connection.quit();
 *
 * Two forms.  A function without a callback waits for the end of the operation, as smtpconn_run
 * does, and returns its result.  With a callback it starts the operation; the callback gets the
 * end of it in Connection::run, Loop::run, Loop::run_once or Loop::dispatch.
 *
 * Failures.  A function throws Error.  When it is given an std::optional<Error> at its end, it
 * throws nothing: the error is there, or nothing is when there was none.  A callback gets a
 * pointer to the error, nullptr on success.  So a program can be compiled without exceptions; in
 * one that is, an error that is not taken ends the program.
 *
 * Callbacks may be anything that can be called, with what it captures.  An exception that leaves
 * one is kept, and the function that runs the loop throws it when the loop has done its turn.  A
 * second one before that is lost.
 *
 * Whatever is not here is in smtpconn.h: get() of every object is its handle, and set(function,
 * value) calls any setter of the object's kind.  Its rules on threads, memory, fork and the
 * lifetime of what is read hold here too, but for texts, which are copied.  A loop must live as
 * long as its connections and pools.
 *
 * Since: 0.1.0.
 */
#ifndef SMTPCONN_HPP
#define SMTPCONN_HPP

#include <smtpconn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace smtp {

namespace detail {

/* "" for a text that is not there. */
inline std::string text(const char *value) { return value ? value : ""; }

}  // namespace detail

/* What went wrong: a copy of a smtpconn_error.  Text that is not there is empty. */
class Error : public std::exception {
 public:
  explicit Error(const smtpconn_error *error)
      : code(smtpconn_error_code(error)),
        kind(smtpconn_error_kind(error)),
        retry(smtpconn_error_retry(error)),
        response_code(smtpconn_error_response_code(error)),
        error_number(smtpconn_error_errno(error)),
        message(detail::text(smtpconn_error_message(error))),
        response(detail::text(smtpconn_error_response(error))),
        enhanced(detail::text(smtpconn_error_enhanced(error))),
        command(detail::text(smtpconn_error_command(error))),
        phase(detail::text(smtpconn_error_phase(error))),
        recipient(detail::text(smtpconn_error_recipient(error))),
        tls_reason(detail::text(smtpconn_error_tls_reason(error))),
        certificate_names(detail::text(smtpconn_error_certificate_names(error))),
        address(detail::text(smtpconn_error_address(error))) {}

  /* One that this file has found itself. */
  Error(int code_, std::string message_)
      : code(code_), message(std::move(message_)), command("API") {}

  const char *what() const noexcept override { return message.c_str(); }
  /* "EAUTH" */
  const char *name() const noexcept { return smtpconn_code_name(code); }
  /* "TLS_EXPIRED" */
  const char *kind_name() const noexcept { return smtpconn_kind_name(kind); }

  int code = SMTPCONN_OK;
  int kind = SMTPCONN_KIND_NONE;
  int retry = SMTPCONN_RETRY_NO;
  int response_code = 0;
  int error_number = 0; /* errno */
  std::string message;
  std::string response;
  std::string enhanced;
  std::string command;
  std::string phase;
  std::string recipient;
  std::string tls_reason;
  std::string certificate_names;
  std::string address;
};

/* Where a function puts its error instead of throwing it. */
using ErrorPlace = std::optional<Error> *;

namespace detail {

[[noreturn]] inline void raise(const Error &error) {
#ifdef __cpp_exceptions
  throw error;
#else
  (void)error;
  std::abort();
#endif
}

/* Reports one error or none. */
inline void report(std::optional<Error> error, ErrorPlace place) {
  if (place) {
    *place = std::move(error);
  } else if (error) {
    raise(*error);
  }
}

/* Reports the result of a call, with the last error of its object. */
inline void report(int code, const smtpconn_error *reason, ErrorPlace place) {
  std::optional<Error> found;
  if (code < 0) found = reason ? Error(reason) : Error(code, smtpconn_code_text(code));
  report(std::move(found), place);
}

/* Reports whether options were enough to make an object. */
inline void report_made(const void *made, const smtpconn_options *options, ErrorPlace place) {
  const smtpconn_error *reason = made ? nullptr : smtpconn_options_last_error(options);
  std::optional<Error> found;
  if (!made) {
    found = reason ? Error(reason) : Error(SMTPCONN_ESOCKET, "the system provides no descriptor");
  }
  report(std::move(found), place);
}

/* The exception that left a callback, until it can be thrown. */
struct Caught {
#ifdef __cpp_exceptions
  std::exception_ptr exception;

  void keep() noexcept {
    if (!exception) exception = std::current_exception();
  }
  void rethrow() {
    if (exception) std::rethrow_exception(std::exchange(exception, nullptr));
  }
#else
  void rethrow() {}
#endif
};

/* Calls what the host gave, from C. */
template <class F>
void guarded(Caught &caught, F &&call) noexcept {
#ifdef __cpp_exceptions
  try {
    call();
  } catch (...) {
    caught.keep();
  }
#else
  (void)caught;
  call();
#endif
}

/* A callback that is called once, and what is needed to call it. */
template <class F>
struct Once {
  F callback;
  std::shared_ptr<Caught> caught;
};

/* Starts an operation with it.  C has it until the callback, if the operation was started. */
template <class F, class Start>
int start_once(F &&callback, const std::shared_ptr<Caught> &caught, Start start) {
  auto held = std::make_unique<Once<std::decay_t<F>>>(
      Once<std::decay_t<F>>{std::forward<F>(callback), caught});
  int code = start(held.get());
  if (code >= 0) (void)held.release();
  return code;
}

inline std::optional<Error> error_of(const smtpconn_error *error) {
  if (!error) return std::nullopt;
  return Error(error);
}

/* Runs a done callback of C. */
template <class F, class Handle>
void done(Handle *, const smtpconn_error *error, void *user) {
  std::unique_ptr<Once<F>> held(static_cast<Once<F> *>(user));
  guarded(*held->caught, [&] {
    const auto copy = error_of(error);
    held->callback(copy ? &*copy : nullptr);
  });
}

template <class T>
struct Setter;
template <class Object, class Value>
struct Setter<int (*)(Object *, Value)> {
  using value = Value;
};

/* An object of C that is set before it is used, with its last error. */
template <class Object, Object *(*make)(), void (*release)(Object *),
          const smtpconn_error *(*last_error)(const Object *), class Self>
class Settable {
 public:
  Settable() : handle_(make()) {}

  Object *get() const noexcept { return handle_.get(); }

  /* Calls a setter: set(smtpconn_options_set_port, 587). */
  template <class Value, class Given>
  Self &set(int (*setter)(Object *, Value), Given &&value, ErrorPlace error = nullptr) {
    if constexpr (std::is_same_v<Value, const char *>) {
      return with_text(std::forward<Given>(value), error,
                       [&](const char *text) { return setter(get(), text); });
    } else {
      return check(setter(get(), static_cast<Value>(std::forward<Given>(value))), error);
    }
  }

 protected:
  Self &check(int code, ErrorPlace error) {
    report(code, last_error(get()), error);
    return static_cast<Self &>(*this);
  }

  /* A text with a NUL would be another one for C. */
  template <class Given, class Call>
  Self &with_text(Given &&value, ErrorPlace error, Call call) {
    if constexpr (std::is_same_v<std::decay_t<Given>, std::nullptr_t>) {
      return check(call(nullptr), error);
    } else {
      std::string copy(std::forward<Given>(value));
      if (copy.find('\0') != std::string::npos) {
        report(Error(SMTPCONN_EOPTIONS, "a text must not hold a NUL"), error);
        return static_cast<Self &>(*this);
      }
      return check(call(copy.c_str()), error);
    }
  }

  struct Release {
    void operator()(Object *object) const noexcept { release(object); }
  };

 private:
  std::unique_ptr<Object, Release> handle_;
};

}  // namespace detail

/* How to connect: smtpconn_options. */
class Options
    : public detail::Settable<smtpconn_options, smtpconn_options_new, smtpconn_options_free,
                              smtpconn_options_last_error, Options> {};

/* Credentials: smtpconn_auth. */
class Auth : public detail::Settable<smtpconn_auth, smtpconn_auth_new, smtpconn_auth_free,
                                     smtpconn_auth_last_error, Auth> {
 public:
  Auth() = default;
  Auth(std::string_view user, std::string_view password) {
    set(smtpconn_auth_set_user, user);
    set(smtpconn_auth_set_password, password);
  }
};

/* Sender, recipients and parameters: smtpconn_envelope. */
class Envelope
    : public detail::Settable<smtpconn_envelope, smtpconn_envelope_new, smtpconn_envelope_free,
                              smtpconn_envelope_last_error, Envelope> {
 public:
  Envelope() = default;
  Envelope(std::string_view from, std::initializer_list<std::string_view> to) {
    this->from(from);
    for (std::string_view each : to) add_to(each);
  }
  template <class Range>
  Envelope(std::string_view from, const Range &to) {
    this->from(from);
    for (const auto &each : to) add_to(each);
  }

  Envelope &from(std::string_view mailbox, ErrorPlace error = nullptr) {
    return set(smtpconn_envelope_set_from, mailbox, error);
  }
  Envelope &add_to(std::string_view mailbox, ErrorPlace error = nullptr) {
    return set(smtpconn_envelope_add_to, mailbox, error);
  }

  using Settable::set;
  /* A setter of one recipient: set(smtpconn_envelope_set_to_dsn_notify, 0, "FAILURE"). */
  template <class Given>
  Envelope &set(int (*setter)(smtpconn_envelope *, std::size_t, const char *), std::size_t index,
                Given &&value, ErrorPlace error = nullptr) {
    return with_text(std::forward<Given>(value), error,
                     [&](const char *text) { return setter(get(), index, text); });
  }
};

/* The content: smtpconn_message. */
class Message {
 public:
  /* A copy of the octets. */
  Message(std::string_view octets, ErrorPlace error = nullptr)
      : Message(smtpconn_message_new_copy(octets.data(), octets.size()), error) {}
  Message(const std::string &octets, ErrorPlace error = nullptr)
      : Message(std::string_view(octets), error) {}
  Message(const char *text, ErrorPlace error = nullptr) : Message(std::string_view(text), error) {}

  /* Octets that stay with the message until the last send of it has ended, without a copy. */
  static Message own(std::string octets, ErrorPlace error = nullptr) {
    auto held = std::make_unique<std::string>(std::move(octets));
    smtpconn_message *message = smtpconn_message_new_borrowed(
        held->data(), held->size(),
        [](void *user) { delete static_cast<std::string *>(user); }, held.get());
    if (message) (void)held.release();
    return Message(message, error);
  }

  /* Octets that `read(buffer, capacity)` provides as smtpconn_read_callback does.  An exception
   * is SMTPCONN_READ_ERROR. */
  template <class F>
  static Message reader(F read, ErrorPlace error = nullptr) {
    auto held = std::make_unique<F>(std::move(read));
    smtpconn_message *message = smtpconn_message_new_reader(
        [](std::uint8_t *buffer, std::size_t capacity, void *user) -> std::ptrdiff_t {
          std::ptrdiff_t count = SMTPCONN_READ_ERROR;
          detail::Caught forgotten;
          detail::guarded(forgotten,
                          [&] { count = (*static_cast<F *>(user))(buffer, capacity); });
          return count;
        },
        [](void *user) { delete static_cast<F *>(user); }, held.get());
    if (message) (void)held.release();
    return Message(message, error);
  }

  /* What a descriptor has from its position to its end. */
  static Message descriptor(int descriptor, ErrorPlace error = nullptr) {
    return Message(smtpconn_message_new_descriptor(descriptor), error);
  }

  smtpconn_message *get() const noexcept { return handle_.get(); }

 private:
  Message(smtpconn_message *handle, ErrorPlace error) : handle_(handle) {
    std::optional<Error> found;
    if (!handle) {
      found = Error(SMTPCONN_EMESSAGE, "no memory for the message, or a descriptor of no use");
    }
    detail::report(std::move(found), error);
  }

  struct Release {
    void operator()(smtpconn_message *message) const noexcept { smtpconn_message_free(message); }
  };
  std::unique_ptr<smtpconn_message, Release> handle_;
};

/* What became of one recipient. */
struct Recipient {
  std::string mailbox;
  int status = SMTPCONN_RECIPIENT_NOT_TRIED; /* enum smtpconn_recipient_status */
  int response_code = 0;
  std::string enhanced;
  std::string response;
  std::string command;
  std::optional<Error> error; /* why it did not get the message */
};

/* What became of a message: a copy of a smtpconn_result. */
struct Result {
  Result() = default;
  explicit Result(const smtpconn_result *result)
      : accepted(smtpconn_result_accepted_count(result)),
        rejected(smtpconn_result_rejected_count(result)),
        tries(smtpconn_result_tries(result)),
        message_size(smtpconn_result_message_size(result)),
        response(detail::text(smtpconn_result_response(result))),
        queue_id(detail::text(smtpconn_result_queue_id(result))),
        retry_error(detail::error_of(smtpconn_result_retry_error(result))) {
    std::size_t count = smtpconn_result_count(result);
    recipients.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
      recipients.push_back({detail::text(smtpconn_result_recipient(result, index)),
                            smtpconn_result_status(result, index),
                            smtpconn_result_response_code(result, index),
                            detail::text(smtpconn_result_enhanced(result, index)),
                            detail::text(smtpconn_result_recipient_response(result, index)),
                            detail::text(smtpconn_result_command(result, index)),
                            detail::error_of(smtpconn_result_error(result, index))});
    }
  }

  std::size_t accepted = 0;
  std::size_t rejected = 0;
  int tries = 0;
  std::uint64_t message_size = 0;
  std::string response;
  std::string queue_id;
  std::optional<Error> retry_error; /* of a pool: why it was sent again */
  std::vector<Recipient> recipients;
};

/* A reply: a copy of a smtpconn_reply. */
struct Reply {
  Reply() = default;
  explicit Reply(const smtpconn_reply *reply)
      : code(smtpconn_reply_code(reply)),
        enhanced(detail::text(smtpconn_reply_enhanced(reply))),
        response(detail::text(smtpconn_reply_response(reply))) {
    for (std::size_t index = 0; index < smtpconn_reply_line_count(reply); ++index) {
      lines.emplace_back(smtpconn_reply_line(reply, index));
    }
  }

  int code = 0; /* 0 without one */
  std::string enhanced;
  std::string response;
  std::vector<std::string> lines;
};

namespace detail {

template <class F, class Handle>
void sent(Handle *, const smtpconn_error *error, const smtpconn_result *result, void *user) {
  std::unique_ptr<Once<F>> held(static_cast<Once<F> *>(user));
  guarded(*held->caught, [&] {
    const auto copy = error_of(error);
    const Result value(result);
    held->callback(copy ? &*copy : nullptr, value);
  });
}

template <class F>
void replied(smtpconn *, const smtpconn_error *error, const smtpconn_reply *reply, void *user) {
  std::unique_ptr<Once<F>> held(static_cast<Once<F> *>(user));
  guarded(*held->caught, [&] {
    const auto copy = error_of(error);
    const Reply value(reply);
    held->callback(copy ? &*copy : nullptr, value);
  });
}

/* What the functions that wait get.  C may have it longer than they run. */
template <class Value>
struct Ending {
  bool is_there = false;
  std::optional<Error> error;
  Value value{};
};

}  // namespace detail

/* Drives connections and pools: smtpconn_loop. */
class Loop {
 public:
  explicit Loop(ErrorPlace error = nullptr) : handle_(smtpconn_loop_new()) {
    std::optional<Error> found;
    if (!handle_) found = Error(SMTPCONN_ESOCKET, "the system provides no descriptor for a loop");
    detail::report(std::move(found), error);
  }

  smtpconn_loop *get() const noexcept { return handle_.get(); }
  int descriptor() const noexcept { return smtpconn_loop_fd(get()); }
  int timeout() const noexcept { return smtpconn_loop_timeout(get()); }
  void wakeup() const noexcept { smtpconn_loop_wakeup(get()); }

  /* True when it was woken up, or, of the other two, while something is pending. */
  bool run(ErrorPlace error = nullptr) { return ran(smtpconn_loop_run(get()), error); }
  bool run_once(int milliseconds, ErrorPlace error = nullptr) {
    return ran(smtpconn_loop_run_once(get(), milliseconds), error);
  }
  bool dispatch(ErrorPlace error = nullptr) { return ran(smtpconn_loop_dispatch(get()), error); }

 private:
  friend class Connection;
  friend class Pool;

  bool ran(int result, ErrorPlace error) {
    caught_->rethrow();
    detail::report(result, nullptr, error);
    return result > 0;
  }

  struct Release {
    void operator()(smtpconn_loop *loop) const noexcept { smtpconn_loop_free(loop); }
  };
  std::shared_ptr<detail::Caught> caught_ = std::make_shared<detail::Caught>();
  std::unique_ptr<smtpconn_loop, Release> handle_;
};

/* One connection: smtpconn. */
class Connection {
 public:
  /* With a loop of its own. */
  explicit Connection(const Options &options = {}, ErrorPlace error = nullptr)
      : Connection(options, nullptr, std::make_shared<detail::Caught>(), error) {}
  Connection(const Options &options, Loop &loop, ErrorPlace error = nullptr)
      : Connection(options, loop.get(), loop.caught_, error) {}

  smtpconn *get() const noexcept { return handle_.get(); }

  /* Waits until nothing is pending.  True when it was woken up before. */
  bool run(ErrorPlace error = nullptr) {
    int result = smtpconn_run(get());
    caught_->rethrow();
    check(result, error);
    return result > 0;
  }

  /* Operations that wait for their end. */
  void connect(ErrorPlace error = nullptr) {
    wait_done(smtpconn_connect, error);
  }
  void login(const Auth &auth, ErrorPlace error = nullptr) {
    wait<None>(
        [&](auto callback) { return start_login(auth, std::move(callback)); }, error);
  }
  Result send(const Envelope &envelope, const Message &message, ErrorPlace error = nullptr) {
    return wait<Result>(
        [&](auto callback) { return start_send(envelope, message, std::move(callback)); }, error);
  }
  void reset(ErrorPlace error = nullptr) { wait_done(smtpconn_reset, error); }
  void quit(ErrorPlace error = nullptr) { wait_done(smtpconn_quit, error); }
  Reply noop(ErrorPlace error = nullptr) {
    return wait<Reply>(
        [&](auto callback) {
          return start_reply(std::move(callback), [this](auto function, void *user) {
            return smtpconn_noop(get(), function, user);
          });
        },
        error);
  }
  /* A line of the host's, as smtpconn_command. */
  Reply command(const std::string &line, bool hidden = false, ErrorPlace error = nullptr) {
    if (line.find('\0') != std::string::npos) {
      detail::report(Error(SMTPCONN_ECOMMAND, "a command must not hold a NUL"), error);
      return {};
    }
    return wait<Reply>(
        [&](auto callback) {
          return start_reply(std::move(callback), [&](auto function, void *user) {
            return smtpconn_command(get(), line.c_str(), hidden, function, user);
          });
        },
        error);
  }

  /* Operations that end in a callback: callback(const Error *), and for send
   * callback(const Error *, const Result &). */
  template <class F, class = std::enable_if_t<std::is_invocable_v<F &, const Error *>>>
  void connect(F &&callback, ErrorPlace error = nullptr) {
    check(start_done(std::forward<F>(callback), smtpconn_connect), error);
  }
  template <class F, class = std::enable_if_t<std::is_invocable_v<F &, const Error *>>>
  void login(const Auth &auth, F &&callback, ErrorPlace error = nullptr) {
    check(start_login(auth, std::forward<F>(callback)), error);
  }
  template <class F,
            class = std::enable_if_t<std::is_invocable_v<F &, const Error *, const Result &>>>
  void send(const Envelope &envelope, const Message &message, F &&callback,
            ErrorPlace error = nullptr) {
    check(start_send(envelope, message, std::forward<F>(callback)), error);
  }
  template <class F, class = std::enable_if_t<std::is_invocable_v<F &, const Error *>>>
  void quit(F &&callback, ErrorPlace error = nullptr) {
    check(start_done(std::forward<F>(callback), smtpconn_quit), error);
  }

  /* Any other operation with one reply:
   *
   *     c.start([](const smtp::Error *error, const smtp::Reply &reply) { ... },
   *             [&](auto function, void *user) {
   *               return smtpconn_verify(c.get(), "ann", function, user);
   *             }); */
  template <class F, class Start>
  auto start(F &&callback, Start begin, ErrorPlace error = nullptr)
      -> std::enable_if_t<std::is_invocable_v<F &, const Error *, const Reply &>> {
    check(start_reply(std::forward<F>(callback), begin), error);
  }

  void resume(ErrorPlace error = nullptr) { check(smtpconn_resume(get()), error); }
  void cancel() noexcept { smtpconn_cancel(get()); }
  void close() noexcept { smtpconn_close(get()); }

  /* Events.  A later one replaces it. */
  template <class F>
  void on_end(F callback) {
    end_ = hold(std::move(callback));
    smtpconn_set_end_callback(get(), event<F>, end_.get());
  }
  template <class F>
  void on_error(F callback) {
    error_ = hold(std::move(callback));
    smtpconn_set_error_callback(
        get(),
        [](smtpconn *, const smtpconn_error *error, void *user) {
          call<F>(user, [&](F &held) { held(Error(error)); });
        },
        error_.get());
  }
  /* callback(int level, int kind, std::string_view line) */
  template <class F>
  void on_log(F callback) {
    log_ = hold(std::move(callback));
    smtpconn_set_log_callback(
        get(),
        [](smtpconn *, int level, int kind, const char *text, std::size_t length, void *user) {
          call<F>(user,
                  [&](F &held) { held(level, kind, std::string_view(text, length)); });
        },
        log_.get());
  }

  bool is_open() const noexcept { return smtpconn_is_open(get()) == 1; }
  bool is_secure() const noexcept { return smtpconn_is_secure(get()) == 1; }
  bool has_capability(const std::string &keyword) const noexcept {
    return smtpconn_has_capability(get(), keyword.c_str()) == 1;
  }
  std::string last_response() const { return detail::text(smtpconn_last_response(get())); }
  std::string remote_address() const { return detail::text(smtpconn_remote_address(get())); }
  std::string tls_version() const { return detail::text(smtpconn_tls_version(get())); }

 private:
  struct None {};

  Connection(const Options &options, smtpconn_loop *loop, std::shared_ptr<detail::Caught> caught,
             ErrorPlace error)
      : caught_(std::move(caught)), handle_(smtpconn_new(options.get(), loop)) {
    detail::report_made(handle_.get(), options.get(), error);
  }

  void check(int code, ErrorPlace error) {
    detail::report(code, smtpconn_last_error(get()), error);
  }

  using Done = int(smtpconn *, smtpconn_done_callback, void *);

  template <class F>
  int start_done(F &&callback, Done *begin) {
    return detail::start_once(std::forward<F>(callback), caught_, [&](void *user) {
      return begin(get(), detail::done<std::decay_t<F>, smtpconn>, user);
    });
  }
  template <class F>
  int start_login(const Auth &auth, F &&callback) {
    return detail::start_once(std::forward<F>(callback), caught_, [&](void *user) {
      return smtpconn_login(get(), auth.get(), detail::done<std::decay_t<F>, smtpconn>, user);
    });
  }
  template <class F>
  int start_send(const Envelope &envelope, const Message &message, F &&callback) {
    return detail::start_once(std::forward<F>(callback), caught_, [&](void *user) {
      return smtpconn_send(get(), envelope.get(), message.get(),
                           detail::sent<std::decay_t<F>, smtpconn>, user);
    });
  }
  template <class F, class Start>
  int start_reply(F &&callback, Start begin) {
    return detail::start_once(std::forward<F>(callback), caught_, [&](void *user) {
      return begin(detail::replied<std::decay_t<F>>, user);
    });
  }

  void wait_done(Done *begin, ErrorPlace error) {
    wait<None>([&](auto callback) { return start_done(std::move(callback), begin); }, error);
  }

  /* Starts an operation, and runs the loop until it has ended. */
  template <class Value, class Start>
  Value wait(Start begin, ErrorPlace error) {
    auto ending = std::make_shared<detail::Ending<Value>>();
    auto callback = [ending](const Error *failure, const auto &...value) {
      ending->is_there = true;
      if (failure) ending->error = *failure;
      ((ending->value = value), ...);
    };
    int code = begin(std::move(callback));
    while (code >= 0 && !ending->is_there) code = smtpconn_run(get());
    if (!ending->is_there) {
      check(code, error);
    } else {
      caught_->rethrow();
      detail::report(std::move(ending->error), error);
    }
    return std::move(ending->value);
  }

  /* Of an event: called any number of times, replaced at any time, by itself too. */
  template <class F>
  struct Held {
    F callback;
    std::shared_ptr<detail::Caught> caught;
    std::weak_ptr<Held> self;
  };

  template <class F>
  std::shared_ptr<void> hold(F callback) {
    auto held = std::make_shared<Held<F>>(Held<F>{std::move(callback), caught_, {}});
    held->self = held;
    return held;
  }
  template <class F, class Call>
  static void call(void *user, Call body) {
    auto held = static_cast<Held<F> *>(user)->self.lock();
    if (held) detail::guarded(*held->caught, [&] { body(held->callback); });
  }
  template <class F>
  static void event(smtpconn *, void *user) {
    call<F>(user, [](F &callback) { callback(); });
  }

  struct Release {
    void operator()(smtpconn *connection) const noexcept { smtpconn_free(connection); }
  };
  std::shared_ptr<detail::Caught> caught_;
  std::shared_ptr<void> end_, error_, log_;
  /* Last, so that it is freed first: that may call what is above. */
  std::unique_ptr<smtpconn, Release> handle_;
};

/* Many connections, one queue: smtpconn_pool. */
class Pool {
 public:
  explicit Pool(const Options &options = {}, ErrorPlace error = nullptr)
      : Pool(options, nullptr, nullptr, std::make_shared<detail::Caught>(), error) {}
  Pool(const Options &options, const Auth &auth, ErrorPlace error = nullptr)
      : Pool(options, auth.get(), nullptr, std::make_shared<detail::Caught>(), error) {}
  Pool(const Options &options, Loop &loop, ErrorPlace error = nullptr)
      : Pool(options, nullptr, loop.get(), loop.caught_, error) {}
  Pool(const Options &options, const Auth &auth, Loop &loop, ErrorPlace error = nullptr)
      : Pool(options, auth.get(), loop.get(), loop.caught_, error) {}

  smtpconn_pool *get() const noexcept { return handle_.get(); }

  /* Calls a setter: set(smtpconn_pool_set_connections, 10). */
  template <class... Values, class... Given>
  Pool &set(int (*setter)(smtpconn_pool *, Values...), Given... values) {
    static_assert(sizeof...(Values) == sizeof...(Given), "as many values as the setter takes");
    check(setter(get(), static_cast<Values>(values)...), nullptr);
    return *this;
  }

  /* callback(const Error *, const Result &) */
  template <class F,
            class = std::enable_if_t<std::is_invocable_v<F &, const Error *, const Result &>>>
  void send(const Envelope &envelope, const Message &message, F &&callback,
            ErrorPlace error = nullptr) {
    int code = detail::start_once(std::forward<F>(callback), caught_, [&](void *user) {
      return smtpconn_pool_send(get(), envelope.get(), message.get(),
                                detail::sent<std::decay_t<F>, smtpconn_pool>, user);
    });
    check(code, error);
  }

  /* Waits until no message is pending. */
  bool run(ErrorPlace error = nullptr) {
    int result = smtpconn_pool_run(get());
    caught_->rethrow();
    check(result, error);
    return result > 0;
  }
  /* No further send is taken; waits until all have ended and the connections have quit. */
  void drain(ErrorPlace error = nullptr) {
    int code = smtpconn_pool_drain(get(), nullptr, nullptr);
    while (code == 0 && (code = smtpconn_pool_run(get())) > 0) code = 0;
    caught_->rethrow();
    check(code, error);
  }
  void pause(ErrorPlace error = nullptr) { check(smtpconn_pool_pause(get()), error); }
  void resume(ErrorPlace error = nullptr) { check(smtpconn_pool_resume(get()), error); }
  void close() noexcept { smtpconn_pool_close(get()); }

  /* One of enum smtpconn_pool_count_kind. */
  std::uint64_t count(int which) const noexcept { return smtpconn_pool_count(get(), which); }

 private:
  Pool(const Options &options, const smtpconn_auth *auth, smtpconn_loop *loop,
       std::shared_ptr<detail::Caught> caught, ErrorPlace error)
      : caught_(std::move(caught)), handle_(smtpconn_pool_new(options.get(), auth, loop)) {
    detail::report_made(handle_.get(), options.get(), error);
  }

  void check(int code, ErrorPlace error) {
    detail::report(code, smtpconn_pool_last_error(get()), error);
  }

  struct Release {
    void operator()(smtpconn_pool *pool) const noexcept { smtpconn_pool_free(pool); }
  };
  std::shared_ptr<detail::Caught> caught_;
  std::unique_ptr<smtpconn_pool, Release> handle_;
};

}  // namespace smtp

#endif /* SMTPCONN_HPP */
