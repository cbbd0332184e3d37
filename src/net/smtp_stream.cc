#include "net/smtp_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/ip_address.h"

namespace leumund::net {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t line_max = 1000;

struct FreeContext {
  void operator()(SSL_CTX* what) const { SSL_CTX_free(what); }
};
struct FreeSsl {
  void operator()(SSL* what) const { SSL_free(what); }
};

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return code == 0                                  ? "connection lost"
         : ERR_reason_error_string(code) != nullptr ? ERR_reason_error_string(code)
                                                    : "unknown TLS error";
}

}  // namespace

struct SmtpStream::TlsState {
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<SSL, FreeSsl> ssl;
};

SmtpStream::SmtpStream(Descriptor fd, std::string server_name)
    : fd_(std::move(fd)), name_(std::move(server_name)) {}
SmtpStream::~SmtpStream() = default;

base::Status SmtpStream::after_tls_call(int result, const char* doing) {
  switch (SSL_get_error(tls_->ssl.get(), result)) {
    case SSL_ERROR_WANT_READ: return wait_ready(fd_.get(), POLLIN, deadline_, name_);
    case SSL_ERROR_WANT_WRITE: return wait_ready(fd_.get(), POLLOUT, deadline_, name_);
    default: break;
  }
  const long verify = SSL_get_verify_result(tls_->ssl.get());
  const std::string why =
      verify == X509_V_OK ? tls_reason() : X509_verify_cert_error_string(verify);
  return Error{ErrorCode::unavailable, fmt::format("{}: {} failed: {}", name_, doing, why)};
}

base::Status SmtpStream::start_tls(const Tls& tls) {
  // What came in clear before the handshake could be an attacker's (CVE-2011-0411).
  received_.clear();
  // OpenSSL writes without MSG_NOSIGNAL: a server that hangs up must not end this process.
  std::signal(SIGPIPE, SIG_IGN);
  auto state = std::make_unique<TlsState>();
  state->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = state->context.get();
  if (context == nullptr) return Error{ErrorCode::internal, "no TLS: " + tls_reason()};
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (tls.check) {
    const int loaded = tls.ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context)
                           : SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr);
    if (loaded != 1) {
      return Error{ErrorCode::unavailable,
                   fmt::format("cannot read certificates from {}: {}", tls.ca_file, tls_reason())};
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  state->ssl.reset(SSL_new(context));
  SSL* ssl = state->ssl.get();
  if (ssl == nullptr || SSL_set_fd(ssl, fd_.get()) != 1) {
    return Error{ErrorCode::internal, "no TLS: " + tls_reason()};
  }
  const bool is_address = base::IpAddress::parse(tls.name).has_value();
  if (!is_address) {  // SSL_set_tlsext_host_name, whose macro casts in the old style
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(tls.name.c_str()));
  }
  if (tls.check) {
    X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
    const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, tls.name.c_str())
                               : X509_VERIFY_PARAM_set1_host(wanted, tls.name.c_str(), 0);
    if (set != 1) return Error{ErrorCode::malformed, "no name for a certificate: " + tls.name};
  }
  tls_ = std::move(state);
  for (;;) {
    const int result = SSL_connect(ssl);
    if (result == 1) return {};
    if (auto again = after_tls_call(result, "TLS handshake"); !again) return again;
  }
}

base::Status SmtpStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (tls_) {
      const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 16 * 1024));
      const int put = SSL_write(tls_->ssl.get(), bytes.data(), size);
      if (put > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(put));
      } else if (auto again = after_tls_call(put, "sending"); !again) {
        return again;
      }
      continue;
    }
    if (auto ready = wait_ready(fd_.get(), POLLOUT, deadline_, name_); !ready) return ready;
    const ssize_t put = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
      return Error{ErrorCode::unavailable, fmt::format("{}: {}", name_, std::strerror(errno))};
    }
  }
  return {};
}

base::Result<std::size_t> SmtpStream::read_some(char* into, std::size_t size) {
  for (;;) {
    if (tls_) {
      const int got = SSL_read(tls_->ssl.get(), into, static_cast<int>(size));
      if (got > 0) return static_cast<std::size_t>(got);
      if (auto again = after_tls_call(got, "reading"); !again) return again.error();
      continue;
    }
    if (auto ready = wait_ready(fd_.get(), POLLIN, deadline_, name_); !ready) return ready.error();
    const ssize_t got = recv(fd_.get(), into, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    return Error{
        ErrorCode::unavailable,
        fmt::format("{}: {}", name_, got == 0 ? "closed the connection" : std::strerror(errno))};
  }
}

base::Result<std::string> SmtpStream::read_line() {
  std::size_t scanned = 0;
  for (;;) {
    const std::size_t newline = received_.find('\n', scanned);
    if (newline != std::string::npos && newline <= line_max) {
      std::string line = received_.substr(0, newline);
      received_.erase(0, newline + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    scanned = received_.size();
    if (scanned > line_max) {
      return Error{ErrorCode::too_large,
                   fmt::format("{}: a reply line is over the limit of {} bytes", name_, line_max)};
    }
    std::array<char, 2048> buffer{};
    auto got = read_some(buffer.data(), buffer.size());
    if (!got) return got.error();
    received_.append(buffer.data(), *got);
  }
}

}  // namespace leumund::net
