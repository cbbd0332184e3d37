#include "apps/dnsbl/dnsbl_options.h"

#include <fmt/core.h>
#include <netdb.h>

#include <charconv>
#include <memory>
#include <optional>

#include "apps/version.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Status;

constexpr std::uint32_t threads_max = 64;

Error wrong(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

// What rbldnsd has and we have not, and what to do.
const char* unsupported(char letter) {
  switch (letter) {
    case 'd':
      return "-d (dump as BIND zone) is not supported: mirrors read the zone files as they are";
    case 'x':
    case 'X': return "-x and -X (loadable extensions) are not supported";
    case 'P': return "-P is not supported: write -b address/port";
    default: return nullptr;
  }
}

Result<std::uint32_t> number_of(const std::string& name, const std::string& text,
                                std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number > most) {
    return wrong(fmt::format("{} takes a number from 0 to {}, not {}", name, most, text));
  }
  return number;
}

// "35m", "35m:1m:1d", "::1d".
bool read_ttl(wire::ZoneReadOptions& read, std::string_view rest) {
  std::uint32_t* const fields[] = {&read.ttl, &read.ttl_min, &read.ttl_max};
  for (std::uint32_t* const field : fields) {
    if (!rest.empty() && rest.front() != ':') {
      const auto seconds = wire::read_zone_time(rest);
      if (!seconds) return false;
      *field = *seconds;
    }
    if (rest.empty()) break;
    if (rest.front() != ':') return false;
    rest.remove_prefix(1);
  }
  return rest.empty();
}

Status set_ttl(wire::ZoneReadOptions& read, const std::string& text) {
  if (!read_ttl(read, text)) {
    return wrong(fmt::format("-t takes default:least:most as times, not {}", text));
  }
  if (read.ttl < read.ttl_min || (read.ttl_max != 0 && read.ttl > read.ttl_max)) {
    return wrong(fmt::format("-t: the default lies outside the bounds: {}", text));
  }
  return {};
}

struct Parser {
  DnsblOptions options;
  unsigned quiet_version = 0;

  // Takes the letter's value from the rest of its word or from the next word.
  Status letter(char c, const std::string* value);
  Status word(const std::string& name, const std::string& value);
};

bool takes_value(char c) { return std::string_view("urwbtcplsxXP").contains(c); }

Status Parser::letter(char c, const std::string* value) {
  if (const char* refusal = unsupported(c)) return wrong(refusal);
  switch (c) {
    case 'u': options.user = *value; return {};
    case 'r': options.root = *value; return {};
    case 'w': options.folder = *value; return {};
    case 'b': options.listen.push_back(*value); return {};
    case 't': return set_ttl(options.zones.read, *value);
    case 'c': {
      std::string_view text = *value;
      const auto seconds = wire::read_zone_time(text);
      if (!seconds || !text.empty()) return wrong("-c takes a time, not " + *value);
      options.check_seconds = *seconds;
      return {};
    }
    case 'p': options.pid_file = *value; return {};
    case 'l':
      options.log_flush = value->starts_with('+');
      options.log_file = options.log_flush ? value->substr(1) : *value;
      return {};
    case 's':
      options.stats_delta = value->starts_with('+');
      options.stats_file = options.stats_delta ? value->substr(1) : *value;
      return {};
    case '4': options.family = 4; return {};
    case '6': options.family = 6; return {};
    case 'e': options.zones.read.host_bits = true; return {};
    case 'q': options.quick = true; return {};
    case 'n': options.daemon = false; return {};
    case 'f': return {};  // we always answer during a reload
    case 'C': options.zones.gzip = false; return {};
    case 'a': options.zones.set.minimal = true; return {};
    case 'A': options.zones.set.minimal = false; return {};
    case 'v': ++quiet_version; return {};
    case 'h': options.help = true; return {};
    default: return wrong(fmt::format("unknown option -{}; see leumundd dnsbl -h", c));
  }
}

Status Parser::word(const std::string& name, const std::string& value) {
  const std::uint32_t most = name == "--threads" ? threads_max : 1'000'000'000;
  const auto number = number_of(name, value, most);
  if (!number) return number.error();
  if (name == "--threads") {
    options.threads = *number;
  } else if (name == "--limit") {
    options.limit.excess_per_second = *number;
  } else {
    options.limit.slip = *number;
  }
  return {};
}

}  // namespace

std::string dnsbl_help() {
  return R"(leumundd dnsbl: serves lists from rbldnsd's zone files, with rbldnsd's options.

Usage: leumundd dnsbl -b ADDRESS/PORT [OPTIONS] ZONE:TYPE:FILE,FILE... ...

 -b ADDRESS/PORT   listen here, UDP and TCP; may be repeated (port 53 by default)
 -4, -6            only IPv4, only IPv6
 -u USER[:GROUP]   give up root's rights for these (rbldns by default)
 -r FOLDER         chroot to this folder; files are read from inside it
 -w FOLDER         work in this folder (inside that of -r)
 -p FILE           write the process id here
 -n                do not go into the background; without it neither, where NOTIFY_SOCKET is set
 -q                start at once and load the zones then; errors in them do not end it
 -c TIME           look for changed files this often (1m; 0 only at SIGHUP)
 -f                accepted: queries are always answered while zones are loaded
 -t DEF:MIN:MAX    time to live of answers (35m), and bounds for what files say
 -e                take 127.2.3.4/24 as 127.2.3.0/24 instead of refusing it
 -C                do not unpack gzip files
 -a, -A            without, with NS records beside answers (with)
 -l [+]FILE        log every query; + writes each at once, - is standard output
 -s [+]FILE        write counts of each zone at each check; + since the last time
 -v, -vv           tell no version, tell nothing, to version.bind
 -h, --help        this text
 --threads N       UDP threads for each address (one a core)
 --limit BYTES     bytes a second by which answers to one network of clients (/24,
                   /56) may exceed their questions (1048576; 0 no limit)
 --slip N          beyond it, every Nth answer is sent truncated (2; 0 none)
 --no-tcp          UDP only, as rbldnsd

Types: ip4set ip4trie ip4tset ip6trie ip6tset dnset generic combined acl
Signals: HUP looks for changed files and opens the log anew; USR1 logs counts, USR2
the same and begins anew; TERM and INT end.
Not supported: -d, -x, -X, -P.
)";
}

Result<DnsblOptions> parse_dnsbl(const std::vector<std::string>& arguments, std::size_t cores) {
  Parser parser;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help") {
      parser.options.help = true;
    } else if (argument == "--threads" || argument == "--limit" || argument == "--slip") {
      if (i + 1 == arguments.size()) return wrong(argument + " needs a value");
      const Status done = parser.word(argument, arguments[++i]);
      if (!done.ok()) return done.error();
    } else if (argument == "--no-tcp") {
      parser.options.tcp = false;
    } else if (argument.starts_with("--")) {
      return wrong(fmt::format("unknown option {}; see leumundd dnsbl -h", argument.substr(0, 40)));
    } else if (argument.size() > 1 && argument[0] == '-') {
      for (std::size_t at = 1; at < argument.size(); ++at) {
        std::string value;
        if (takes_value(argument[at])) {
          const bool here = at + 1 < argument.size();
          if (!here && i + 1 == arguments.size()) {
            return wrong(fmt::format("-{} needs a value", argument[at]));
          }
          value = here ? argument.substr(at + 1) : arguments[++i];
        }
        const Status done = parser.letter(argument[at], &value);
        if (!done.ok()) return done.error();
        if (takes_value(argument[at])) break;
      }
    } else {
      parser.options.specs.push_back(argument);
    }
  }
  DnsblOptions& options = parser.options;
  if (options.help) return options;
  if (options.listen.empty()) return wrong("no address to listen on; say -b ADDRESS/PORT");
  if (options.specs.empty()) return wrong("no zone; say ZONE:TYPE:FILE");
  if (options.threads == 0) options.threads = std::max<std::size_t>(1, cores);
  options.version = parser.quiet_version == 0   ? std::string("leumund ") + version
                    : parser.quiet_version == 1 ? "leumund"
                                                : "";
  return options;
}

Result<std::vector<net::SocketAddress>> dnsbl_addresses(const DnsblOptions& options) {
  std::vector<net::SocketAddress> out;
  for (const std::string& where : options.listen) {
    const std::size_t slash = where.rfind('/');
    const std::string host = where.substr(0, slash);
    const std::string port = slash == std::string::npos ? "53" : where.substr(slash + 1);
    addrinfo wanted{};
    wanted.ai_family = options.family == 4 ? AF_INET : options.family == 6 ? AF_INET6 : AF_UNSPEC;
    wanted.ai_socktype = SOCK_DGRAM;
    wanted.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(host.empty() || host == "*" ? nullptr : host.c_str(),
                                   port.c_str(), &wanted, &found);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    if (failed != 0) return wrong(fmt::format("-b {}: {}", where, gai_strerror(failed)));
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      net::SocketAddress address;
      if (address.assign(one->ai_addr, one->ai_addrlen)) out.push_back(address);
    }
  }
  return out;
}

}  // namespace leumund::apps
