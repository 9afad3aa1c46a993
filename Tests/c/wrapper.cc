// wrapper.cc - smtpconn.hpp: what waits, what calls back, failures, exceptions, and lifetimes
//
// usage: wrapper port      of a server that accepts everything
#include <smtpconn.hpp>

#define CHECK_MAIN
#include "check.h"

static smtp::Options options_for(int port) {
  smtp::Options options;
  options.set(smtpconn_options_set_host, "127.0.0.1").set(smtpconn_options_set_port, port);
  return options;
}

static const smtp::Envelope envelope("a@example.com", {"b@example.com"});

static void waits(int port) {
  smtp::Connection connection(options_for(port));
  int ends = 0, lines = 0;
  connection.on_end([&ends] { ++ends; });
  connection.on_log([&lines](int, int, std::string_view line) { lines += !line.empty(); });
  connection.connect();
  CHECK(connection.is_open());
  CHECK(!connection.is_secure());
  smtp::Result result = connection.send(envelope, "hello\n");
  CHECK_INT(result.accepted, 1);
  CHECK_INT(result.tries, 1);
  CHECK_INT(result.recipients.size(), 1);
  CHECK_TEXT(result.recipients.at(0).mailbox.c_str(), "b@example.com");
  CHECK_INT(result.recipients.at(0).status, SMTPCONN_RECIPIENT_ACCEPTED);
  CHECK(!result.recipients.at(0).error);
  CHECK_INT(connection.noop().code, 250);
  connection.reset();
  int position = 0;
  auto read = [&position](std::uint8_t *buffer, std::size_t) -> std::ptrdiff_t {
    if (position++ > 0) return SMTPCONN_READ_END;
    buffer[0] = '\n';
    return 1;
  };
  CHECK_INT(connection.send(envelope, smtp::Message::reader(read)).message_size, 2);
  CHECK_INT(connection.send(envelope, smtp::Message::own(std::string(100, 'x'))).accepted, 1);
  connection.quit();
  connection.run();
  CHECK_INT(ends, 1);
  CHECK(lines > 0);
}

static void calls_back(int port) {
  smtp::Loop loop;
  smtp::Connection connection(options_for(port), loop);
  std::vector<std::string> order;
  connection.connect([&order](const smtp::Error *error) {
    CHECK(error == nullptr);
    order.push_back("connect");
  });
  // What a callback captures may be movable only.
  auto owned = std::make_unique<int>(7);
  connection.send(envelope, "hello\n",
                  [&order, owned = std::move(owned)](auto *error, const smtp::Result &result) {
                    CHECK(error == nullptr);
                    CHECK_INT(result.accepted, 1);
                    CHECK_INT(*owned, 7);
                    order.push_back("send");
                  });
  connection.start(
      [&order](const smtp::Error *, const smtp::Reply &reply) {
        CHECK_INT(reply.code, 250);
        CHECK_INT(reply.lines.size(), 1);
        order.push_back("noop");
      },
      [&](auto function, void *user) { return smtpconn_noop(connection.get(), function, user); });
  connection.quit([&order](const smtp::Error *) { order.push_back("quit"); });
  CHECK(order.empty());
  CHECK(!loop.run());
  CHECK(order == (std::vector<std::string>{"connect", "send", "noop", "quit"}));
}

static void fails() {
  std::optional<smtp::Error> error;
  smtp::Options options;
  options.set(smtpconn_options_set_port, 70000, &error);
  CHECK(error.has_value());
  CHECK_INT(error->code, SMTPCONN_EOPTIONS);
  CHECK_TEXT(error->name(), "EOPTIONS");
  options.set(smtpconn_options_set_port, 25, &error);
  CHECK(!error);
  // C would see another text.
  options.set(smtpconn_options_set_host, std::string("mail\0.example", 13), &error);
  CHECK(error.has_value());
  CHECK_TEXT(smtpconn_options_host(options.get()), "localhost");

  smtp::Options contradiction;
  contradiction.set(smtpconn_options_set_secure, true).set(smtpconn_options_set_ignore_tls, true);
  smtp::Connection none(contradiction, &error);
  CHECK(error.has_value());
  CHECK(none.get() == nullptr);

  smtp::Connection connection(options, &error);
  CHECK(!error);
  smtp::Result result = connection.send(envelope, "x", &error);
  CHECK(error.has_value());
  CHECK_INT(error->code, SMTPCONN_ESTATE);
  CHECK_INT(result.accepted, 0);
  CHECK_INT(connection.command("NOOP\r\nQUIT", false, &error).code, 0);
  CHECK(error.has_value());
}

#ifdef __cpp_exceptions
static void throws(int port) {
  int caught = 0;
  try {
    smtp::Envelope bad("a@example.com", {"b@example.com\r\nDATA"});
  } catch (const smtp::Error &error) {
    CHECK_INT(error.code, SMTPCONN_EENVELOPE);
    CHECK(error.what()[0] != '\0');
    ++caught;
  }
  smtp::Connection connection(options_for(port));
  connection.connect();
  // What leaves a callback comes out of what runs the loop, and the connection goes on.
  connection.send(envelope, "hello\n", [](auto *, auto &) { throw std::string("mine"); });
  try {
    connection.run();
  } catch (const std::string &mine) {
    CHECK_TEXT(mine.c_str(), "mine");
    ++caught;
  }
  connection.send(envelope, "hello\n", [](auto *, auto &) { throw 1; });
  try {
    connection.noop();
  } catch (int) {
    ++caught;
  }
  // Nobody can wait inside a callback, and nothing is freed too early for it.
  connection.start(
      [&](auto *, auto &) {
        try {
          connection.noop();
        } catch (const smtp::Error &error) {
          CHECK_INT(error.code, SMTPCONN_ESTATE);
          ++caught;
        }
      },
      [&](auto function, void *user) { return smtpconn_noop(connection.get(), function, user); });
  connection.run();
  auto fails = [](std::uint8_t *, std::size_t) -> std::ptrdiff_t { throw 2; };
  try {
    connection.send(envelope, smtp::Message::reader(fails));
  } catch (const smtp::Error &error) {
    CHECK_INT(error.code, SMTPCONN_ESTREAM);
    ++caught;
  }
  CHECK_INT(caught, 5);
}
#endif

static void ends_early(int port) {
  int ends = 0;
  auto shared = std::make_shared<int>(0);
  {
    smtp::Connection connection(options_for(port));
    connection.connect([&ends, shared](const smtp::Error *error) {
      CHECK(error != nullptr);
      if (error) CHECK_INT(error->code, SMTPCONN_ECANCELLED);
      ++ends;
    });
    smtp::Connection moved(std::move(connection));
    moved.send(envelope, "x", [&ends, shared](auto *, auto &) { ++ends; });
  }
  CHECK_INT(ends, 2);
  CHECK_INT(shared.use_count(), 1);

  // A connection that a callback of its own destroys, and a callback that replaces itself.
  auto connection = std::make_unique<smtp::Connection>(options_for(port));
  smtpconn_loop *loop = nullptr;
  connection->on_log([&connection, shared](int, int, std::string_view) {
    connection->on_log([](int, int, std::string_view) {});
    CHECK_INT(*shared, 0);
  });
  connection->connect();
  loop = smtpconn_get_loop(connection->get());
  CHECK(loop != nullptr);
  connection->send(envelope, "x", [&](auto *, auto &) { connection.reset(); });
  (void)smtpconn_loop_run(loop);
  CHECK(connection == nullptr);
  CHECK_INT(shared.use_count(), 1);
}

static void pools(int port) {
  smtp::Pool pool(options_for(port));
  pool.set(smtpconn_pool_set_connections, 2).set(smtpconn_pool_set_tries, 1, 1000, 1000);
  int sent = 0;
  for (int each = 0; each < 100; ++each) {
    pool.send(envelope, "hello\n", [&sent](const smtp::Error *error, const smtp::Result &result) {
      CHECK(error == nullptr);
      sent += static_cast<int>(result.accepted);
    });
  }
  pool.drain();
  CHECK_INT(sent, 100);
  CHECK_INT(pool.count(SMTPCONN_POOL_SENT), 100);
  std::optional<smtp::Error> error;
  pool.send(envelope, "x", [](auto *, auto &) {}, &error);
  CHECK(error.has_value());
}

int main(int count, char **words) {
  if (count != 2) return 2;
  int port = std::atoi(words[1]);
  waits(port);
  calls_back(port);
  fails();
#ifdef __cpp_exceptions
  throws(port);
#endif
  ends_early(port);
  pools(port);
  return check_result();
}
