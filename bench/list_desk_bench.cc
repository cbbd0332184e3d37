// Our own lists with a million listed addresses and 100,000 names, while zone files for mirrors are
// written again and again and the store forgets two million old rows: how long a report takes to
// be kept, and a listing until the DNS tells of it. No report waits for the one before; in
// the second half somebody locks the store for two seconds now and then.
//
//   list_desk_bench [SECONDS]
#include <SQLiteCpp/SQLiteCpp.h>
#include <arpa/inet.h>
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <filesystem>
#include <thread>

#include "apps/daemon/list_desk.h"
#include "base/guarded.h"
#include "config/load.h"
#include "storage/sqlite_store.h"
#include "wire/dns_name.h"

namespace leumund {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint32_t listed = 1'000'000;
constexpr std::uint32_t names = 100'000;
constexpr std::uint32_t old_rows = 1'000'000;
constexpr std::uint32_t rows_at_once = 100'000;
constexpr std::chrono::seconds locked_for{2};
constexpr std::chrono::seconds free_for{3};
constexpr std::size_t reporters_most = 500;  // that wait for the disk

base::IpAddress address(std::uint32_t i) { return base::IpAddress::v4(0x2d000000 + i); }

void save(storage::Store& store, listing::ListSave& rows) {
  rows.list = rows.names.empty() ? "bl" : "dbl";
  if (!store.save_list(rows).ok()) throw std::runtime_error("no store");
  rows = {};
}

void fill(storage::Store& store, base::TimePoint now) {
  const base::TimePoint long_ago = now - std::chrono::days(500);
  listing::ListSave rows;
  for (std::uint32_t i = 0; i < listed; ++i) {
    rows.places.push_back({address(i), now, now + std::chrono::hours(20), {}, {}, {}, 1});
    if (rows.places.size() == rows_at_once) save(store, rows);
  }
  for (std::uint32_t i = 0; i < old_rows; ++i) {
    rows.reports.push_back({{address(i), model::AbuseKind::complaint, i, long_ago}, long_ago, 1});
    listing::ListHistoryRecord line;
    line.what = {address(i), 32};
    line.at = long_ago;
    line.move = "expired";
    rows.history.push_back(line);
    if (rows.reports.size() == rows_at_once) save(store, rows);
  }
  for (std::uint32_t i = 0; i < names; ++i) {
    rows.names.push_back(
        {fmt::format("spam-{}.com", i), now, now + std::chrono::hours(20), {}, {}, 1});
  }
  save(store, rows);
}

// Of "dns 127.0.0.1/15399".
std::uint16_t port_of(const std::string& where) {
  std::uint16_t port = 0;
  const auto* const begin = where.data() + where.rfind('/') + 1;
  const auto* const end = where.data() + where.size();
  if (std::from_chars(begin, end, port).ptr != end) throw std::runtime_error("no port: " + where);
  return port;
}

class Resolver {
 public:
  explicit Resolver(const std::string& where) : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port_of(where));
    timeval patience{.tv_sec = 0, .tv_usec = 100'000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("no DNS at " + where);
    }
  }
  ~Resolver() { ::close(socket_); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  [[nodiscard]] bool lists(const std::string& name) const {
    std::string query("\0\1\0\0\0\1\0\0\0\0\0\0", 12);
    query += wire::DnsName::parse(name)->bytes();
    query += std::string("\0\1\0\1", 4);
    ::send(socket_, query.data(), query.size(), 0);
    char answer[1500];
    const auto size = ::recv(socket_, answer, sizeof answer, 0);
    return size > 12 && answer[7] > 0;
  }

 private:
  int socket_;
};

struct Times {
  std::vector<double> all;

  void add(Steady::time_point since) {
    all.push_back(std::chrono::duration<double, std::milli>(Steady::now() - since).count());
  }
  void print(const char* what) {
    std::ranges::sort(all);
    if (all.empty()) return;
    fmt::print("{:<40} median {:7.1f} ms   99 % {:7.1f} ms   worst {:7.1f} ms   of {}\n", what,
               all[all.size() / 2], all[all.size() * 99 / 100], all.back(), all.size());
  }
};

// Two reports of the i-th new place or name.
std::vector<apps::ListDesk::Said> reports_of(std::uint32_t i, const std::string& name,
                                             base::TimePoint now) {
  std::vector<apps::ListDesk::Said> out;
  for (int who = 0; who < 2; ++who) {
    out.push_back(
        {.client = {}, .reporter = fmt::format("anna@r{}-{}.example", i, who), .at = now});
    if (name.empty()) {
      out.back().client = address(2 * listed + i);
    } else {
      out.back().domain = name;
    }
  }
  return out;
}

struct Kept {
  Times times;
  std::size_t late = 0;  // not within two seconds
};

void measure(apps::ListDesk& desk, const apps::Clock& clock, std::uint32_t first,
             std::chrono::seconds span) {
  const auto where = desk.addresses();
  const Resolver resolver(where.front());
  base::Guarded<Kept> kept;
  std::deque<std::jthread> reporters;
  Times shown[2];
  const auto end = Steady::now() + span;
  for (std::uint32_t i = first; Steady::now() < end; ++i) {
    const bool of_name = i % 2 == 1;
    const std::string name = of_name ? fmt::format("new-{}.com", i) : "";
    auto said = reports_of(i, name, clock.now());
    const auto begun = Steady::now();
    // On a thread of its own, since it waits for the disk and a listing does not.
    reporters.emplace_back([&desk, &kept, begun, said = std::move(said)] {
      const bool on_disk = desk.take(said);
      kept.with([&](Kept& all) {
        if (on_disk) {
          all.times.add(begun);
        } else {
          ++all.late;
        }
      });
    });
    if (reporters.size() > reporters_most) reporters.pop_front();
    const std::uint32_t bits = address(2 * listed + i).v4_bits();
    const std::string asked = of_name ? name + ".dbl.example"
                                      : fmt::format("{}.{}.{}.{}.bl.example", bits & 255,
                                                    bits >> 8 & 255, bits >> 16 & 255, bits >> 24);
    while (!resolver.lists(asked) && Steady::now() < begun + std::chrono::seconds(20)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    shown[of_name ? 1 : 0].add(begun);
    std::this_thread::sleep_for(milliseconds(10));
  }
  reporters.clear();
  kept.with([](Kept& all) {
    all.times.print("two reports kept on disk");
    fmt::print("{:<40} {}\n", "... not within two seconds", all.late);
  });
  shown[0].print("an address listed, until the DNS says so");
  shown[1].print("a name listed, until the DNS says so");
}

// As somebody does who looks into the file and forgets to end his transaction.
void lock_again_and_again(const std::string& path, const std::stop_token& stop) {
  SQLite::Database database(path, SQLite::OPEN_READWRITE, 10'000);
  while (!stop.stop_requested()) {
    {
      SQLite::Transaction transaction(database, SQLite::TransactionBehavior::EXCLUSIVE);
      std::this_thread::sleep_for(locked_for);
    }
    std::this_thread::sleep_for(free_for);
  }
}

int run(std::chrono::seconds span) {
  std::string made = (std::filesystem::temp_directory_path() / "leumund-bench-XXXXXX").string();
  const std::string folder = mkdtemp(made.data());
  const apps::Clock clock;
  auto store = storage::SqliteStore::open(folder + "/leumund.db");
  if (!store) throw std::runtime_error(store.error().message);
  fill(**store, clock.now());
  auto loaded = config::load_text(
      fmt::format("[list]\nzones = [\"bl bl.example\", \"dbl dbl.example of=domains\"]\n"
                  "listen = [\"inet:127.0.0.1:15399\"]\nname_servers = [\"ns.example\"]\n"
                  "export_folder = \"{}\"\nexport_every = \"1s\"\nreporter_weight = 1.0\n"
                  "addresses_max = 2000000\nnames_max = 200000\n",
                  folder),
      "bench", config::Surroundings());
  for (const auto& problem : loaded.problems) fmt::print("{}\n", problem);
  auto desk = apps::ListDesk::open(loaded.settings, {.store = **store,
                                                     .clock = clock,
                                                     .key = {},
                                                     .of_many_people = [](auto) { return false; },
                                                     .decide = {},
                                                     .heard = [](const auto&) {}});
  if (!desk) throw std::runtime_error(desk.error().message);
  (*desk)->start();
  while ((*desk)->part().detail.contains("being read")) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  measure(**desk, clock, 0, span / 2);
  fmt::print("\nthe store locked for {} s, free for {} s, and so on\n", locked_for.count(),
             free_for.count());
  {
    const std::jthread locker(
        [&](const std::stop_token& stop) { lock_again_and_again(folder + "/leumund.db", stop); });
    measure(**desk, clock, 500'000, span / 2);
  }
  const auto left = (*store)->load_list("bl", base::TimePoint());
  const auto old = std::ranges::count_if(left->reports, [&](const auto& one) {
    return one.heard_at < clock.now() - std::chrono::days(100);
  });
  fmt::print("of {} old reports {} are not yet forgotten\n", old_rows, old);
  (*desk)->stop();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace leumund

int main(int count, char** words) {
  try {
    return leumund::run(std::chrono::seconds(count > 1 ? std::atoi(words[1]) : 60));
  } catch (const std::exception& error) {
    fmt::print(stderr, "list_desk_bench: {}\n", error.what());
    return 1;
  }
}
