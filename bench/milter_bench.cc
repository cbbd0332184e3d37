// leumundd's milter under load beside rspamd's, with its fuzzy storage and ratelimit alone, on the
// same messages in the same run: each server whole on one core, the client on the other.
//
//   milter_bench [FOLDER OR .tar.zst OF MESSAGES] [seconds per measurement, default 5]
//
// Without messages those in $LEUMUND_DATA (or ../shared) are taken, and without these made up ones.
// Targets: 3,000 messages/s of real mail and 60 MB/s of large messages.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bench/milter_load.h"
#include "bench/policy_servers.h"
#include "net/socket.h"

namespace leumund::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr unsigned server_core = 0;
constexpr unsigned client_core = 1;
constexpr int rounds = 3;
constexpr int large_ones = 48;
constexpr std::size_t large = 900'000;  // below the bytes of a body that are looked at

std::uint16_t free_port() {
  auto socket = net::ListeningSocket::open(net::Endpoint::tcp("127.0.0.1", 0));
  return socket ? socket->bound().port : 0;
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::vector<MilterMessage> messages_of(const fs::path& folder) {
  std::vector<MilterMessage> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string raw{std::istreambuf_iterator<char>(in), {}};
    if (MilterMessage one = MilterMessage::parse(raw); !one.headers.empty())
      out.push_back(std::move(one));
  }
  return out;
}

// The messages of the evaluation's data are packed.
fs::path unpacked(const fs::path& from, const fs::path& to) {
  if (!fs::is_regular_file(from)) return from;
  fs::create_directories(to);
  const std::string command =
      fmt::format("zstd -dc --long=27 '{}' | tar -x -C '{}'", from.string(), to.string());
  return std::system(command.c_str()) == 0 ? to : from;  // NOLINT: one thread
}

std::string default_messages() {
  const char* data = std::getenv("LEUMUND_DATA");  // NOLINT: one thread
  const fs::path file =
      fs::path(data != nullptr ? data : "../shared") / "data/mail/raw-mime.tar.zst";
  return fs::exists(file) ? file.string() : "";
}

MilterMessage message_of(const std::string& type, std::string body) {
  return {{{"From", "Ann <ann@verein.example>"},
           {"To", "bob@example.org"},
           {"Subject", "minutes of our meeting"},
           {"Date", "Sun, 22 Nov 2026 21:05:00 +0100"},
           {"MIME-Version", "1.0"},
           {"Content-Type", type}},
          std::move(body)};
}

std::string prose(std::mt19937& random, std::size_t bytes, std::string_view new_paragraph) {
  std::string out;
  std::size_t line = 0;
  while (out.size() < bytes) {
    for (std::size_t n = 2 + random() % 9; n > 0; --n)
      out.push_back(static_cast<char>('a' + random() % 26));
    const bool ends = out.size() - line > 66;
    out += ends ? "\r\n" : " ";
    if (ends) line = out.size();
    if (ends && random() % 12 == 0) out += new_paragraph;
  }
  return out;
}

// No two alike.
std::vector<MilterMessage> large_texts(bool html) {
  std::mt19937 random(7);  // NOLINT: the same text in every run
  std::vector<MilterMessage> out;
  for (int i = 0; i < large_ones; ++i) {
    out.push_back(html ? message_of("text/html; charset=utf-8",
                                    "<html><body>\r\n"s +
                                        prose(random, large, "</p><p style=\"color:#333\">\r\n") +
                                        "</body></html>\r\n")
                       : message_of("text/plain; charset=utf-8", prose(random, large, "\r\n")));
  }
  return out;
}

std::vector<MilterMessage> large_attachments() {
  std::mt19937 random(11);  // NOLINT
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<MilterMessage> out;
  for (int i = 0; i < large_ones; ++i) {
    std::string body =
        "--b\r\n\r\nsee the picture\r\n--b\r\nContent-Type: image/png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n";
    while (body.size() < large) {
      for (int k = 0; k < 76; ++k) body.push_back(digits[random() % 64]);
      body += "\r\n";
    }
    out.push_back(message_of("multipart/mixed; boundary=b", body + "\r\n--b--\r\n"));
  }
  return out;
}

std::vector<MilterMessage> usual_ones() {
  std::mt19937 random(3);  // NOLINT
  std::vector<MilterMessage> out;
  for (int i = 0; i < 500; ++i)
    out.push_back(
        message_of("text/plain; charset=utf-8", prose(random, 500 + random() % 8000, "\r\n")));
  return out;
}

struct Server {
  std::string name;
  std::unique_ptr<ServerProcess> process;
};

std::optional<Server> start(const std::string& name, const std::vector<std::string>& command,
                            const fs::path& folder, std::uint16_t port) {
  auto process =
      ServerProcess::program(server_core, command, (folder / (name + ".log")).string(), port);
  if (process) return Server{name, std::move(*process)};
  fmt::print("{}: {}\n", name, process.error().message);
  return std::nullopt;
}

std::optional<Server> start_leumundd(const fs::path& folder) {
  const std::uint16_t port = free_port();
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "leumundd";
  write_file(folder / "leumund.toml",
             fmt::format(
                 "state_folder = \"{0}/state\"\nlog_sources = []\n[policy]\nlisten = []\n[milter]\n"
                 "listen = [\"inet:127.0.0.1:{1}\"]\n[api]\nlisten = \"\"\n[control]\n"
                 "socket = \"{0}/api.sock\"\n[dns]\nenabled = false\n",
                 folder.string(), port));
  fs::create_directories(folder / "state");
  return start("leumundd", {program.string(), "--config", (folder / "leumund.toml").string()},
               folder, port);
}

// Its milter worker scans by itself; nothing else is configured, so that nothing else is done.
std::optional<Server> start_rspamd(const fs::path& folder, std::uint16_t redis) {
  const std::uint16_t port = free_port();
  const std::uint16_t fuzzy = free_port();
  const std::string text = fmt::format(
      "options {{ pidfile = \"{0}/rspamd.pid\"; filters = \"fuzzy_check\"; temp_dir = \"{0}\";\n"
      "  disable_hyperscan = true; dns {{ nameserver = [\"127.0.0.1:9\"]; timeout = 0.1s; }} }}\n"
      "logging {{ type = \"file\"; filename = \"{0}/rspamd-own.log\"; level = \"warning\"; }}\n"
      "modules {{ path = \"/usr/share/rspamd/plugins/\"; }}\n"
      "redis {{ servers = \"127.0.0.1:{1}\"; }}\n"
      "worker \"rspamd_proxy\" {{ bind_socket = \"127.0.0.1:{2}\"; count = 1; milter = yes;\n"
      "  timeout = 120s; upstream \"local\" {{ default = yes; self_scan = yes; }} }}\n"
      "worker \"fuzzy\" {{ bind_socket = \"127.0.0.1:{3}\"; count = 1; backend = \"redis\";\n"
      "  servers = \"127.0.0.1:{1}\"; sync = 60s; allow_update = [\"127.0.0.1\"]; }}\n"
      "fuzzy_check {{ min_bytes = 100; rule \"local\" {{ servers = \"127.0.0.1:{3}\"; \n"
      "  symbol = \"LOCAL_FUZZY\"; mime_types = [\"*\"]; read_only = no; skip_unknown = yes;\n"
      "  algorithm = \"mumhash\"; fuzzy_map = {{ LOCAL_FUZZY_DENIED {{ max_score = 20; flag = 11; "
      "}} }}\n"
      "  }} }}\n"
      "ratelimit {{ servers = \"127.0.0.1:{1}\"; rates {{ user = {{ selector = \"user.lower\";\n"
      "  bucket = [ {{ burst = 200; rate = \"200 / 1h\"; }} ] }} }} }}\n",
      folder.string(), redis, port, fuzzy);
  write_file(folder / "rspamd.conf", text);
  std::vector<std::string> command = {"rspamd", "-f", "-i", "-c",
                                      (folder / "rspamd.conf").string()};
  for (const char* name : {"DBDIR", "RUNDIR", "LOGDIR"})
    command.push_back(fmt::format("--var={}={}", name, folder.string()));
  return start("rspamd", command, folder, port);
}

struct Row {
  double rate = 0;
  double megabytes = 0;
  double cpu_micros = 0;     // a message
  double cpu_megabytes = 0;  // a second of processor time
};

std::optional<Row> measure(const Server& server, const MilterLoad& shape,
                           const std::vector<MilterMessage>& messages, const std::string& what) {
  MilterLoad load = shape;
  load.server = server.process->endpoint();
  std::vector<Row> rows;
  std::uint64_t number = 0;
  std::uint64_t stopped = 0;
  double slow = 0;
  for (int round = 0; round < rounds; ++round) {
    const double before = server.process->family_cpu_seconds();
    const auto got = run_milter_load(load, messages, number);
    if (!got) {
      fmt::print("{:<9} {:<44} {}\n", server.name, what, got.error().message);
      return std::nullopt;
    }
    const double whole = got->seconds + std::chrono::duration<double>(load.warm_up).count();
    const double cpu = (server.process->family_cpu_seconds() - before) * got->seconds / whole;
    rows.push_back({got->rate(), got->megabytes_a_second(),
                    1e6 * cpu / static_cast<double>(std::max<std::uint64_t>(1, got->messages)),
                    static_cast<double>(got->bytes) / 1e6 / std::max(cpu, 1e-9)});
    stopped += got->stopped;
    slow = std::max(slow, got->percentile(0.99));
  }
  std::ranges::sort(rows, {}, &Row::rate);
  const Row& row = rows[rows.size() / 2];
  fmt::print("{:<9} {:<44} {:>7.0f}/s {:>6.1f} MB/s {:>8.0f} us {:>6.1f} MB {:>7.1f} ms {:>6}\n",
             server.name, what, row.rate, row.megabytes, row.cpu_micros, row.cpu_megabytes, slow,
             stopped);
  std::fflush(stdout);
  return row;
}

void beside_rspamd(const fs::path& folder, const MilterLoad& load,
                   const std::vector<MilterMessage>& messages, const Row& ours) {
  if (!fs::exists("/usr/bin/rspamd") || !fs::exists("/usr/bin/redis-server")) {
    fmt::print("rspamd is left out: install rspamd and redis-server\n");
    return;
  }
  const std::uint16_t port = free_port();
  auto redis = start("redis",
                     {"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1",
                      "--save", "", "--dir", folder.string()},
                     folder, port);
  if (!redis) return;
  const auto rspamd = start_rspamd(folder, port);
  if (!rspamd) return;
  const auto theirs = measure(*rspamd, load, messages, "the same, fuzzy and ratelimit alone");
  if (theirs) {
    fmt::print(
        "leumundd takes {:.1f} times as many messages/s and 1/{:.1f} of the processor time\n",
        ours.rate / theirs->rate, theirs->cpu_micros / ours.cpu_micros);
  }
}

int run(const std::string& from, std::chrono::milliseconds span) {
  std::string place = (fs::temp_directory_path() / "leumund_milter_bench_XXXXXX").string();
  if (mkdtemp(place.data()) == nullptr) return 1;
  const std::vector<MilterMessage> messages =
      from.empty() ? usual_ones() : messages_of(unpacked(from, fs::path(place) / "messages"));
  if (messages.empty()) {
    std::fprintf(stderr, "milter_bench: no message in %s\n", from.c_str());
    return 2;
  }
  std::size_t bytes = 0;
  for (const MilterMessage& one : messages) bytes += one.bytes();
  fmt::print("{} messages of {} bytes in the mean; server on one core, client on another\n",
             messages.size(), bytes / messages.size());
  fmt::print("{:<9} {:<44} {:>9} {:>11} {:>11} {:>9} {:>10} {:>6}\n", "", "", "messages", "sent",
             "CPU/message", "CPU s of", "p99", "held");
  int failed = 0;
  {
    const auto ours = start_leumundd(place);
    if (!ours) return 1;
    bind_to_core(client_core);
    MilterLoad load;
    load.span = span;
    const auto usual = measure(*ours, load, messages, "a connection a message, other words");
    load.messages_a_connection = 0;
    const auto kept = measure(*ours, load, messages, "connections kept, other words");
    load.other_words = false;
    const auto same = measure(*ours, load, messages, "... the same texts over and over");
    load.connections = 8;
    const auto plain = measure(*ours, load, large_texts(false), "900 kB of text");
    const auto html = measure(*ours, load, large_texts(true), "900 kB of HTML");
    const auto attached = measure(*ours, load, large_attachments(), "900 kB of attachment");
    failed += !usual || !kept || !same || !plain || !html || !attached;
    if (usual) {
      MilterLoad same_as_ours;
      same_as_ours.span = span;
      beside_rspamd(place, same_as_ours, messages, *usual);
    }
  }
  fs::remove_all(place);
  return failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace leumund::bench

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  if (seconds <= 0) {
    std::fprintf(stderr, "milter_bench: \"%s\" is no number of seconds\n", argv[2]);
    return 2;
  }
  return leumund::bench::run(argc > 1 ? argv[1] : leumund::bench::default_messages(),
                             std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
}
