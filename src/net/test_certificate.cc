#include "net/test_certificate.h"

#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <thread>

#include "base/check.h"

namespace leumund::net {
namespace {

template <typename T, void (*free_it)(T*)>
struct Freer {
  void operator()(T* what) const { free_it(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509, X509_free>>;

void add_alternative_name(X509* certificate, const std::string& name) {
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate sign(EVP_PKEY* key, const std::string& name) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  add_alternative_name(certificate.get(), name);
  CHECK(X509_sign(certificate.get(), key, EVP_sha256()) > 0);
  return certificate;
}

class Https final : public TestCertificate::HttpsServer {
 public:
  Https(const TestCertificate& certificate, std::function<std::string(const std::string&)> answer)
      : server_(certificate.certificate_file().c_str(), certificate.key_file().c_str()) {
    server_.Get(".*", [answer](const httplib::Request& request, httplib::Response& response) {
      response.set_content(answer(request.path), "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    CHECK(port_ > 0);
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Https() override { server_.stop(); }
  int port() const override { return port_; }

 private:
  httplib::SSLServer server_;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace

TestCertificate::TestCertificate(const std::string& name) {
  std::string pattern = (std::filesystem::temp_directory_path() / "leumund_tls_XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  const Key key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  const Certificate certificate = sign(key.get(), name);
  FILE* file = std::fopen(certificate_file().c_str(), "w");
  CHECK(file != nullptr && PEM_write_X509(file, certificate.get()) == 1);
  std::fclose(file);
  file = std::fopen(key_file().c_str(), "w");
  CHECK(file != nullptr &&
        PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(file);
}

TestCertificate::~TestCertificate() { std::filesystem::remove_all(folder_); }

std::unique_ptr<TestCertificate::HttpsServer> TestCertificate::serve_https(
    std::function<std::string(const std::string&)> answer) const {
  return std::make_unique<Https>(*this, std::move(answer));
}

}  // namespace leumund::net
