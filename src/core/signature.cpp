#include "core/signature.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <system_error>

#include "core/check.h"
#include "core/files.h"

namespace phasegate::core {
namespace {

constexpr std::string_view kSecretPrefix = "phasegate-ed25519-secret ";
constexpr std::string_view kPublicPrefix = "phasegate-ed25519-public ";
constexpr std::uint64_t kMaxKeyFileBytes = 256;

static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32 &&
              crypto_sign_BYTES == 64);

void start_sodium() {
  static const bool ready = sodium_init() >= 0;
  PHASEGATE_CHECK(ready);  // fails only without a source of randomness
}

std::string to_hex(std::span<const unsigned char> bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
  hex.pop_back();
  return hex;
}

// Exactly as many lower-case hex digits as the bytes need; anything else is false.
bool from_hex(std::string_view hex, std::span<unsigned char> bytes) {
  if (hex.size() != bytes.size() * 2) return false;
  if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
  std::size_t length = 0;
  return sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
         length == bytes.size();
}

// The bytes after the prefix of a file that holds one line.
Result<std::array<unsigned char, 32>> read_key_line(const std::filesystem::path& file, std::string_view prefix) {
  PHASEGATE_TRY(text, read_file(file, kMaxKeyFileBytes));
  std::array<unsigned char, 32> bytes{};
  const bool whole = text.starts_with(prefix) && text.ends_with('\n');
  const bool ok =
      whole && from_hex(std::string_view(text).substr(prefix.size(), text.size() - prefix.size() - 1), bytes);
  sodium_memzero(text.data(), text.size());
  if (ok) return bytes;
  return fail(Error{ErrorKind::invalid_input, fmt::format("is not a key file: one line \"{}<64 hex digits>\"", prefix),
                    file.string(), "name the file that the first `phasegate approve` made"});
}

Error io_error(const std::filesystem::path& file, const char* action) {
  const int code = errno;
  return {code == EEXIST ? ErrorKind::conflict : ErrorKind::io,
          fmt::format("{} failed: {}", action, std::generic_category().message(code)),
          file.string(),
          {}};
}

// O_EXCL: an old key is never overwritten. The mode is set at creation, so the secret is at no time readable by others.
Status write_new(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return fail(io_error(file, "creating"));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  Error error = io_error(file, "writing");
  ::close(fd);
  if (written) return {};
  ::unlink(file.c_str());
  return fail(std::move(error));
}

}  // namespace

SigningKey SigningKey::from_seed(const std::array<unsigned char, 32>& seed) {
  SigningKey key;
  std::array<unsigned char, 32> public_bytes{};
  PHASEGATE_CHECK(crypto_sign_seed_keypair(public_bytes.data(), key.secret_.data(), seed.data()) == 0);
  key.public_hex_ = to_hex(public_bytes);
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), public_hex_(std::move(other.public_hex_)) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Result<SigningKey> SigningKey::create(const std::filesystem::path& file) {
  start_sodium();
  std::array<unsigned char, 32> seed{};
  randombytes_buf(seed.data(), seed.size());
  SigningKey key = from_seed(seed);
  std::string text = std::string(kSecretPrefix) + to_hex(seed) + "\n";
  const Status secret = write_new(file, text, 0600);
  sodium_memzero(text.data(), text.size());
  sodium_memzero(seed.data(), seed.size());
  if (!secret) return fail(secret.error());
  PHASEGATE_CHECK_OK(write_file_atomic(file.string() + ".pub", public_key_text(key.public_hex_)));
  return key;
}

Result<SigningKey> SigningKey::load(const std::filesystem::path& file) {
  start_sodium();
  struct stat facts{};
  if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Error{ErrorKind::conflict,
                      fmt::format("is a secret key that others may read (mode {:04o})", facts.st_mode & 07777U),
                      file.string(), "chmod 600 it, and make a new one if others had access"});
  }
  PHASEGATE_TRY(seed, read_key_line(file, kSecretPrefix));
  SigningKey key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

std::string SigningKey::sign(std::string_view message) const {
  std::array<unsigned char, 64> signature{};
  PHASEGATE_CHECK(crypto_sign_detached(signature.data(), nullptr,
                                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                       secret_.data()) == 0);
  return to_hex(signature);
}

bool verify_signature(std::string_view public_hex, std::string_view message, std::string_view signature_hex) {
  start_sodium();
  std::array<unsigned char, 32> key{};
  std::array<unsigned char, 64> signature{};
  if (!from_hex(public_hex, key) || !from_hex(signature_hex, signature)) return false;
  return crypto_sign_verify_detached(signature.data(), reinterpret_cast<const unsigned char*>(message.data()),
                                     message.size(), key.data()) == 0;
}

Result<std::string> load_public_key(const std::filesystem::path& file) {
  PHASEGATE_TRY(bytes, read_key_line(file, kPublicPrefix));
  return to_hex(bytes);
}

std::string public_key_text(std::string_view public_hex) { return fmt::format("{}{}\n", kPublicPrefix, public_hex); }

}  // namespace phasegate::core
