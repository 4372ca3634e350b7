"""The words invented people are made of. Telephone numbers come from the ranges kept for fiction (ARCEP), addresses of
e-mail from a domain that cannot exist (RFC 2606), NIR order numbers from the very top: none of these is anybody's.
"""

WOMEN = tuple(
    """Adèle Agathe Alice Aline Amandine Amélie Anaïs Andrée Angèle Anne Anne-Marie Annick Audrey Aurélie Béatrice
    Bernadette Brigitte Camille Caroline Cécile Céline Chantal Charlotte Chloé Christelle Christine Claire Clara
    Claudine Clémence Colette Corinne Danièle Delphine Denise Dominique Élisabeth Élise Élodie Émilie Emma Estelle
    Éva Évelyne Fanny Fatima Florence Françoise Gabrielle Geneviève Ghislaine Gisèle Hélène Inès Isabelle Jacqueline
    Jade Jeanne Jeannine Joëlle Josiane Julie Juliette Karine Laure Léa Léonie Lina Louise Lucie Madeleine Manon
    Marguerite Marie Marie-Christine Marie-Thérèse Marion Martine Mathilde Maud Mélanie Michèle Mireille Monique
    Nadia Nathalie Nicole Noémie Océane Odette Odile Pascale Patricia Paulette Pauline Raymonde Renée Rose Sabrina
    Samira Sandrine Sarah Simone Solange Sonia Sophie Stéphanie Suzanne Sylvie Thérèse Valérie Véronique Virginie
    Yasmina Yvette Yvonne Zoé""".split()
)
MEN = tuple(
    """Adrien Alain Albert Alexandre Alexis André Antoine Arnaud Arthur Aurélien Baptiste Benjamin Benoît Bernard
    Bertrand Bruno Cédric Charles Christian Christophe Claude Clément Cyril Damien Daniel David Denis Didier Dominique
    Édouard Émile Éric Étienne Fabien Fabrice Fernand Florian Francis Franck François Frédéric Gabriel Georges Gérard
    Ghislain Gilbert Gilles Grégory Guillaume Guy Henri Hervé Hugo Hugues Jacques Jean Jean-Baptiste Jean-Claude
    Jean-Luc Jean-Pierre Jérémy Jérôme Joël Jonathan Jules Julien Karim Kevin Laurent Léo Léon Loïc Louis Luc Lucas
    Lucien Marc Marcel Mathieu Maurice Maxime Mehdi Michel Mohamed Nathan Nicolas Noël Olivier Pascal Patrice Patrick
    Paul Philippe Pierre Quentin Raymond René Robert Roger Roland Romain Samuel Sébastien Serge Stéphane Sylvain
    Théo Thibault Thierry Thomas Tristan Valentin Victor Vincent William Xavier Yann Yves""".split()
)
FAMILIES = (
    "Da Silva",
    "De La Tour",
    "Le Goff",
    "Van den Berghe",
    *"""Abadie Allard Aubert Aubry Auger Bailly Barbier Baron Barre Baudry Benali Benard Benoit Berger Bernard Bertin
    Bertrand Besson Blanc Blanchard Blot Bonnet Bouchard Boucher Boulanger Bourdon Bourgeois Boutin Bouvier Boyer
    Breton Briand Brun Brunet Buisson Camus Carlier Caron Carpentier Chauvin Chevalier Chevallier Clément Colas
    Collet Collin Cordier Cousin D'Amico David Delaunay Delmas Denis Deschamps Devaux Diallo
    Dias Didier Dubois Dufour Dumas Dumont Dupont Dupuis Dupuy Durand Étienne Fabre Faure Fernandes Ferrand Fleury
    Fontaine Fournier Gaillard Garcia Garnier Gautier Gay Georges Gérard Germain Gilbert Gillet Girard Giraud Gomez
    Gonzalez Grand Gros Guérin Guillaume Guillet Guillot Haddad Hamon Hardy Henry Hervé Hoarau Hubert Huet Humbert
    Imbert Jacob Jacquet Jean Joly Joubert Julien Klein Lacroix Lambert Lamy Langlois Laporte Laroche Laurent Lebrun
    Leclerc Leclercq Lecomte Ledoux Lefebvre Lefèvre Legrand Lemaire Lemoine Lenoir Lépine Leroux Leroy L'Hermite
    Lévêque Lopez Louis Lucas Maillard Mallet Marchand Maréchal Marie Martin Martinez Marty Masson Mathieu Ménard
    Mercier Meunier Meyer Michel Millet Monnier Moreau Morel Morin Moulin Muller N'Diaye Nguyen Nicolas Noël Œuvrard
    Olivier Paris Payet Pelletier Peltier Pereira Perez Perret Perrier Perrin Petit Petitjean Philippe Picard
    Pichon Pierre Poirier Pons Poulain Prévost Ramos Renard Renaud Rey Reynaud Ribeiro Richard Rivière Robert Robin
    Roche Rodrigues Roger Rolland Roussel Rousset Roux Roy Royer Saint-Martin Sanchez Schmitt Simon Tanguy Tessier
    Thomas Tran Vallée Vasseur Verdier Vidal Vincent Voisin Weber""".split(),
)
STREETS = (
    "rue des Tilleuls",
    "rue du Moulin",
    "avenue de la Gare",
    "rue Victor-Hugo",
    "place de l'Église",
    "chemin des Vignes",
    "boulevard Carnot",
    "rue de la République",
    "allée des Érables",
    "impasse du Lavoir",
    "rue Jean-Moulin",
    "quai de la Loire",
    "rue Basse",
    "route de Nantes",
)
TOWNS = (
    ("49000", "Angers", "49007"),
    ("49100", "Angers", "49007"),
    ("49124", "Saint-Barthélemy-d'Anjou", "49267"),
    ("49130", "Les Ponts-de-Cé", "49246"),
    ("49240", "Avrillé", "49015"),
    ("49460", "Montreuil-Juigné", "49214"),
    ("49800", "Trélazé", "49353"),
    ("49610", "Mûrs-Erigné", "49223"),
)
BIRTH_PLACES = (
    ("49007", "Angers"),
    ("44109", "Nantes"),
    ("72181", "Le Mans"),
    ("35238", "Rennes"),
    ("75114", "Paris 14e"),
    ("37261", "Tours"),
    ("53130", "Laval"),
    ("2A004", "Ajaccio"),
    ("97411", "Saint-Denis"),
    ("99352", "Algérie"),
    ("99139", "Portugal"),
)
ALERTS = ("Allergie au latex", "Pacemaker", "Anticoagulants", "Épilepsie", "Prothèse de hanche", "Fauteuil roulant")
CANCEL_REASONS = ("Le patient a prévenu la veille", "Malade", "Transport impossible", "Déplacé à la demande du patient")
