import java.util.Base64;
import java.util.List;
import java.util.Scanner;

public final class Main {
  public static void main(String[] arguments) throws Exception {
    Scanner lines = new Scanner(System.in, "UTF-8");
    while (lines.hasNextLine()) {
      String[] parts = lines.nextLine().split("\t", -1);
      byte[] body = Base64.getDecoder().decode(parts[3]);
      List<String> secrets = List.of(parts[4].split(","));
      long now = Long.parseLong(parts[5]);
      boolean genuine = Webhooks.isGenuine(parts[0], parts[1], parts[2], body, secrets, now);
      System.out.println(genuine ? "genuine" : "forged");
    }
  }
}
